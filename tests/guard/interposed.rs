//! The C library's calls for time and entropy, defined here. Each notes itself and does what the library's would do, by
//! way of the kernel.

use std::ffi::{c_char, c_int, c_long, c_uint, c_void};

use libc::{clockid_t, size_t, ssize_t, time_t, timespec, timeval};

use crate::{false_time, note};

/// The time of a kernel's clock, without the C library's call of that name.
fn kernel_time(clock: clockid_t) -> timespec {
    let mut out = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec, to which `out` is a valid pointer.
    unsafe { libc::syscall(libc::SYS_clock_gettime, clock as c_long, &raw mut out) };
    out
}

/// Random bytes from the kernel, without the C library's call.
///
/// # Safety
/// `buffer` is valid for `len` bytes.
unsafe fn kernel_random(buffer: *mut c_void, len: size_t, flags: c_uint) -> ssize_t {
    // SAFETY: the kernel writes at most `len` bytes to `buffer`, as our caller promised.
    unsafe { libc::syscall(libc::SYS_getrandom, buffer, len, flags) as ssize_t }
}

/// # Safety
/// As in POSIX: `out` is valid for one timespec.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: clockid_t, out: *mut timespec) -> c_int {
    note("clock_gettime");
    if let Some(tv_sec) = false_time() {
        // SAFETY: our caller promised it.
        unsafe { out.write(timespec { tv_sec, tv_nsec: 0 }) };
        return 0;
    }
    // SAFETY: our caller promised it.
    unsafe { libc::syscall(libc::SYS_clock_gettime, clock as c_long, out) as c_int }
}

/// # Safety
/// As in POSIX: `out` is null or valid for one timeval.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(out: *mut timeval, _zone: *mut c_void) -> c_int {
    note("gettimeofday");
    let now = kernel_time(libc::CLOCK_REALTIME);
    if !out.is_null() {
        // SAFETY: our caller promised it.
        unsafe { out.write(timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1000 }) };
    }
    0
}

/// # Safety
/// As in POSIX: `out` is null or valid for one time_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(out: *mut time_t) -> time_t {
    note("time");
    let now = kernel_time(libc::CLOCK_REALTIME).tv_sec;
    if !out.is_null() {
        // SAFETY: our caller promised it.
        unsafe { out.write(now) };
    }
    now
}

/// # Safety
/// As in Linux: `buffer` is valid for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut c_void, len: size_t, flags: c_uint) -> ssize_t {
    note("getrandom");
    // SAFETY: our caller promised it.
    unsafe { kernel_random(buffer, len, flags) }
}

/// # Safety
/// As in POSIX: `buffer` is valid for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getentropy(buffer: *mut c_void, len: size_t) -> c_int {
    note("getentropy");
    // SAFETY: our caller promised it.
    let got = unsafe { kernel_random(buffer, len, 0) };
    if got == len as ssize_t { 0 } else { -1 }
}

/// Opening one of the kernel's devices of entropy is drawing from it, too.
fn note_device(path: *const c_char) {
    if path.is_null() {
        return;
    }
    // SAFETY: a path that is not null is a string that ends with a zero byte: POSIX demands it of `open`'s callers.
    let path = unsafe { std::ffi::CStr::from_ptr(path) };
    if path.to_bytes().ends_with(b"random") && path.to_bytes().starts_with(b"/dev/") {
        note("open of a device of entropy");
    }
}

/// # Safety
/// As in POSIX. `mode` counts only where a file may be made; reading it elsewhere gives a number that nobody uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    note_device(path);
    // SAFETY: our caller promised it.
    unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags, mode) as c_int }
}
