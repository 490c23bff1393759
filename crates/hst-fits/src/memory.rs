//! Large buffers in large pages.
//!
//! Fresh memory costs a page fault for every 4 KiB that is touched first: of a cutout of 128 MiB that is more time than
//! copying it. Linux gives pages of 2 MiB to who asks for them, as NumPy does; the heap of Rust asks nobody.
#![allow(
    unsafe_code,
    reason = "one call of the kernel, which no safe crate makes for memory of a Vec"
)]

/// Buffers smaller than this come out of memory that the process mostly has already.
const LARGE: usize = 4 << 20;

/// `n` zeros to be filled: as `vec![0; n]`, but a large buffer lies in large pages where the system has them.
pub fn zeroed<T: Copy + Default>(n: usize) -> Vec<T> {
    let mut buffer = vec![T::default(); n];
    if size_of_val(buffer.as_slice()) >= LARGE {
        ask_for_large_pages(&mut buffer);
    }
    buffer
}

#[cfg(target_os = "linux")]
fn ask_for_large_pages<T>(buffer: &mut [T]) {
    const PAGE: usize = 2 << 20;
    let bytes = size_of_val(buffer);
    let pointer = buffer.as_mut_ptr().cast::<u8>();
    let before = pointer.align_offset(PAGE);
    let whole = bytes.saturating_sub(before) / PAGE * PAGE;
    if whole == 0 {
        return;
    }
    // SAFETY: the pages lie wholly in the buffer, which is borrowed for us alone, and the advice changes what stands
    // behind them, not what stands in them. That a kernel may have no large pages is no failure, so that the answer does
    // not matter.
    unsafe {
        libc::madvise(pointer.add(before).cast(), whole, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn ask_for_large_pages<T>(_: &mut [T]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_of_every_size_are_zeros_that_can_be_filled() {
        for n in [0, 1, 4095, LARGE - 1, LARGE, LARGE + 1, 5 * LARGE + 12_345] {
            let mut buffer = zeroed::<u8>(n);
            assert_eq!(buffer.len(), n);
            assert!(buffer.iter().all(|byte| *byte == 0));
            buffer.fill(7);
            assert!(buffer.iter().all(|byte| *byte == 7));
        }
        assert!(zeroed::<f64>(1 << 20).iter().all(|value| value.to_bits() == 0));
    }

    /// The kernel's own account of the memory in the middle of a buffer says that it was asked.
    #[test]
    #[cfg(target_os = "linux")]
    fn large_buffers_ask_for_large_pages() {
        let buffer = zeroed::<u8>(64 << 20);
        let middle = buffer.as_ptr() as usize + buffer.len() / 2;
        let Ok(maps) = std::fs::read_to_string("/proc/self/smaps") else { return };
        let address = |text: &str| usize::from_str_radix(text, 16).ok();
        let range = |line: &str| {
            let (low, high) = line.split(' ').next()?.split_once('-')?;
            Some(address(low)?..address(high)?)
        };
        let mut lines = maps
            .lines()
            .skip_while(|line| range(line).is_none_or(|range| !range.contains(&middle)));
        let flags = lines.find_map(|line| line.strip_prefix("VmFlags:")).unwrap();
        assert!(flags.split_whitespace().any(|flag| flag == "hg"), "{flags}");
    }
}
