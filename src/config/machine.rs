//! What the machine allows this process: memory and open files, read from where Linux says it. Where nothing says, nothing is known.

use std::path::{Path, PathBuf};

/// Open files that a process has before it does anything for anybody, with room for what the store needs beside: a server starts with about 45.
const OWN_FILES: u64 = 64;

/// The memory that this process may come to: the least that the machine, its control groups and the address space that is left to it allow.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    let machine = kib(&read("/proc/meminfo"), "MemTotal:");
    let taken = kib(&read("/proc/self/status"), "VmSize:").unwrap_or_default();
    let space = limit(&read("/proc/self/limits"), "Max address space").map(|max| max.saturating_sub(taken));
    let groups = group_files(&read("/proc/self/cgroup"));
    let groups = groups.iter().filter_map(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok());
    groups.chain(machine).chain(space).min()
}

/// A part, in percent, of the files that the process may have open beside its own.
#[must_use]
pub fn files(percent: u64) -> Option<usize> {
    Some(share(limit(&read("/proc/self/limits"), "Max open files")?, percent))
}

fn share(max: u64, percent: u64) -> usize {
    let left = max.saturating_sub(OWN_FILES);
    usize::try_from(left / 100 * percent + left % 100 * percent / 100).unwrap_or(usize::MAX)
}

/// Memory of this process that is in use. None where the system does not say.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    kib(&read("/proc/self/status"), "VmRSS:")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The line `NAME NUMBER kB`, in bytes.
fn kib(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib.saturating_mul(1 << 10))
}

/// The soft limit on the line `NAME SOFT HARD UNIT`; none where it is `unlimited`.
fn limit(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// The files that hold the memory limits of the process's control groups and of all groups above them, of either version.
fn group_files(text: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else { continue };
        let (top, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            named if named.split(',').any(|controller| controller == "memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        let group = Path::new(top).join(group.trim_start_matches('/'));
        files.extend(group.ancestors().take_while(|place| place.starts_with(top)).map(|place| place.join(name)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_where_there_are_some() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max open files            20000                30000                files     \n\
                      Max address space         unlimited            unlimited            bytes     \n";
        assert_eq!((limit(limits, "Max open files"), limit(limits, "Max address space")), (Some(20_000), None));
        assert_eq!(kib("VmPeak:\t 9 kB\nVmSize:\t     12 kB\n", "VmSize:"), Some(12 << 10));
    }

    #[test]
    fn both_versions_of_control_groups_are_looked_at_up_to_the_top() {
        let files = group_files("7:cpu,memory:/a/b\n3:cpuset:/c\n0::/d\n");
        let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
        let expected = [
            "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/d/memory.max",
            "/sys/fs/cgroup/memory.max",
        ];
        assert_eq!(files, expected);
    }

    #[test]
    fn this_process_has_some_of_both() {
        assert!(files(100).is_some() && memory_bytes().is_some_and(|bytes| bytes > 0));
        assert!(resident_bytes().is_some_and(|bytes| bytes > 0));
    }

    #[test]
    fn files_are_shared_out_beside_those_of_the_process() {
        assert_eq!((share(1_024, 50), share(1_024, 40), share(OWN_FILES, 50), share(10, 50)), (480, 384, 0, 0));
    }
}
