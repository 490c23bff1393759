//! Our side of `peers/background.py`: measures and subtracts the background of a raw image, and tells the times.
//!
//! `peer_background IMAGE.f32 NY NX EXCLUDE_PERCENTILE THREADS RUNS MESH.f64` prints one line of JSON with the least CPU
//! and wall seconds of the mesh and of the subtraction, and the peak memory beyond the image.
#![allow(clippy::print_stdout, reason = "a program for a script")]

use std::error::Error;

use photometry::background::{BackgroundOptions, Exclude, Masks, background};

mod measure;

use measure::{Best, read, status, write};

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
    // One that does not count: the peers' process is warm too.
    let warm = pool.install(|| background(&image, Masks::default(), &options))?;
    write(mesh, &warm.level.mesh().iter().copied().collect::<Vec<_>>())?;
    for _ in 0..runs.parse::<usize>()? {
        let found =
            measure.time(|| pool.install(|| background(&image, Masks::default(), &options)))?;
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
