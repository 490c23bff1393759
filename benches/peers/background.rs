//! Our side of `peers/background.py`: measures and subtracts the background of a raw image, and tells the times.
//!
//! `peer_background IMAGE.f32 NY NX EXCLUDE_PERCENTILE THREADS RUNS MESH.f64` prints one line of JSON with the least CPU
//! and wall seconds of the mesh and of the subtraction, and the peak memory beyond the image.
#![allow(clippy::print_stdout, reason = "a program for a script")]

use std::error::Error;
use std::fs;
use std::time::Instant;

use ndarray::Array2;
use photometry::background::{BackgroundOptions, Exclude, Masks, background};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [image, ny, nx, percentile, threads, runs, mesh] = arguments.as_slice() else {
        return Err("IMAGE.f32 NY NX EXCLUDE_PERCENTILE THREADS RUNS MESH.f64".into());
    };
    let mut image = read(image, (ny.parse()?, nx.parse()?))?;
    let exclude = Exclude::Photutils31 { percentile: percentile.parse()? };
    let options = BackgroundOptions { exclude, ..BackgroundOptions::default() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?;
    let before = status("VmRSS:")?;
    let (mut measure, mut subtract) = (Best::default(), Best::default());
    for run in 0..runs.parse::<usize>()? {
        let found =
            measure.time(|| pool.install(|| background(&image, Masks::default(), &options)))?;
        if run == 0 {
            let bytes: Vec<u8> = found.level.mesh().iter().flat_map(|v| v.to_le_bytes()).collect();
            fs::write(mesh, bytes)?;
        }
        subtract.time(|| pool.install(|| found.level.subtract_from(image.view_mut())))?;
        image.mapv_inplace(|v| v + 0.12);
    }
    let memory = status("VmHWM:")? - before;
    println!(
        "{{\"mesh_cpu\": {:.4}, \"mesh_wall\": {:.4}, \"subtract_cpu\": {:.4}, \"subtract_wall\": {:.4}, \"extra_mb\": {:.1}}}",
        measure.cpu,
        measure.wall,
        subtract.cpu,
        subtract.wall,
        memory / 1024.0
    );
    Ok(())
}

fn read(path: &str, shape: (usize, usize)) -> Result<Array2<f32>, Box<dyn Error>> {
    use std::io::Read;
    let mut file = fs::File::open(path)?;
    let mut image = Array2::zeros(shape);
    let mut bytes = vec![0; 4 * shape.1];
    for mut row in image.rows_mut() {
        file.read_exact(&mut bytes)?;
        row.iter_mut().zip(bytes.as_chunks::<4>().0).for_each(|(v, b)| *v = f32::from_le_bytes(*b));
    }
    Ok(image)
}

/// Least times of several runs, in seconds.
#[derive(Debug)]
struct Best {
    cpu: f64,
    wall: f64,
}

impl Default for Best {
    fn default() -> Self {
        Self { cpu: f64::INFINITY, wall: f64::INFINITY }
    }
}

impl Best {
    fn time<T, E: Error + 'static>(
        &mut self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Box<dyn Error>> {
        let (cpu, wall) = (cpu_seconds()?, Instant::now());
        let answer = work()?;
        self.wall = self.wall.min(wall.elapsed().as_secs_f64());
        self.cpu = self.cpu.min(cpu_seconds()? - cpu);
        Ok(answer)
    }
}

/// CPU time of all threads of this process.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let mut nanoseconds = 0.0;
    for task in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanoseconds * 1e-9)
}

/// A line of `/proc/self/status`, in kB.
fn status(name: &str) -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line =
        text.lines().find(|l| l.starts_with(name)).ok_or("no such line in /proc/self/status")?;
    Ok(line.split_whitespace().nth(1).unwrap_or_default().parse()?)
}
