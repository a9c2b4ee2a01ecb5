//! The manifest of a view: written only after the view's files and directories are durable, so that what it says can be held against
//! them. Also which life of the machine we are in: within one, the page cache keeps what a killed process wrote.

use serde::{Deserialize, Serialize};

use super::applier::{Applier, Mark};
use super::disk::Disk;
use super::error::Error;
use super::heads::HeadRow;
use super::log::StoreId;
use super::small;

pub const NAME: &str = "checkpoint";
/// Of keys and values; raise it with any change to `keys`, `value`, `rows`, `journal_rows` or `sums`, and every view is made again.
pub const VIEW_FORMAT: u32 = 7;
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// What the view held when it was last made durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub id: StoreId,
    pub view_format: u32,
    /// None where the system does not tell.
    pub machine_boot: Option<String>,
    pub mark: Mark,
    /// Of unfinished executions.
    pub heads: Vec<HeadRow>,
}

/// Writes the manifest of a view that has just been made durable. If that fails, the manifest before stands: the next start has more to read.
pub fn write(disk: &dyn Disk, id: StoreId, applier: &Applier) -> Result<(), Error> {
    let checkpoint = Checkpoint {
        id,
        view_format: VIEW_FORMAT,
        machine_boot: machine_boot(),
        mark: applier.mark().clone(),
        heads: applier.heads().rows(),
    };
    small::write(disk, NAME, &checkpoint)
}

/// Changes with every start of the machine.
pub fn machine_boot() -> Option<String> {
    std::fs::read_to_string(BOOT_ID).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
