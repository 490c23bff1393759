//! What the peers' programs share: a raw image, CPU seconds, memory.
#![allow(dead_code, reason = "each program uses its part")]

use std::error::Error;
use std::fs;
use std::io::Read;
use std::time::Instant;

use ndarray::Array2;

/// A raw image of little-endian `f32`.
pub(crate) fn read(path: &str, shape: (usize, usize)) -> Result<Array2<f32>, Box<dyn Error>> {
    let mut file = fs::File::open(path)?;
    let mut image = Array2::zeros(shape);
    let mut bytes = vec![0; 4 * shape.1];
    for mut row in image.rows_mut() {
        file.read_exact(&mut bytes)?;
        row.iter_mut().zip(bytes.as_chunks::<4>().0).for_each(|(v, b)| *v = f32::from_le_bytes(*b));
    }
    Ok(image)
}

/// Numbers in a file of little-endian `f64`.
pub(crate) fn numbers(path: &str) -> Result<Vec<f64>, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    Ok(bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect())
}

/// Writes numbers to a file of little-endian `f64`.
pub(crate) fn write(path: &str, numbers: &[f64]) -> Result<(), Box<dyn Error>> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|v| v.to_le_bytes()).collect();
    Ok(fs::write(path, bytes)?)
}

/// Least times of several runs, in seconds.
#[derive(Debug)]
pub(crate) struct Best {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
}

impl Default for Best {
    fn default() -> Self {
        Self { cpu: f64::INFINITY, wall: f64::INFINITY }
    }
}

impl Best {
    pub(crate) fn time<T, E: Into<Box<dyn Error>>>(
        &mut self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Box<dyn Error>> {
        let (cpu, wall) = (cpu_seconds()?, Instant::now());
        let answer = work().map_err(Into::into)?;
        self.wall = self.wall.min(wall.elapsed().as_secs_f64());
        self.cpu = self.cpu.min(cpu_seconds()? - cpu);
        Ok(answer)
    }
}

/// CPU time of all threads of this process.
pub(crate) fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let mut nanoseconds = 0.0;
    for task in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanoseconds * 1e-9)
}

/// A line of `/proc/self/status`, in kB.
pub(crate) fn status(name: &str) -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line =
        text.lines().find(|l| l.starts_with(name)).ok_or("no such line in /proc/self/status")?;
    Ok(line.split_whitespace().nth(1).unwrap_or_default().parse()?)
}
