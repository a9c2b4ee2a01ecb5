//! From files to a running store: recover the log, decide whether the view may be used, bring it up to date, and only then let
//! anyone commit.

use std::path::Path;
use std::sync::Arc;

use super::applier::{self, Applier, Records};
use super::checkpoint::{self, Checkpoint};
use super::disk::{self, Disk};
use super::entry::Position;
use super::error::Error;
use super::heads::Heads;
use super::log::recover::{self, Recovered};
use super::log::segment;
use super::log::supply::Sizes;
use super::log::{Reader, StoreId};
use super::memory::MemoryView;
use super::replay::replay;
use super::scan;
use super::sled::SledView;
use super::small;
use super::view::View;

/// The view's directory in the data directory.
pub const VIEW: &str = "view";
/// Rows of a view that are compared with its sums before it is used; larger ones are compared in the background.
pub const SCAN_AT_OPEN_ROWS: u64 = 20_000;

/// Everything that a running store is made of.
pub struct Opened {
    pub recovered: Recovered,
    pub view: Arc<dyn View>,
    pub reader: Arc<Reader>,
    pub applier: Applier,
    /// The view was made anew from the log.
    pub rebuilt: Option<String>,
    /// The view is too large to have been compared with its sums.
    pub unscanned: bool,
}

/// Opens a store whose view is in memory: always made from the log.
pub fn in_memory(disk: &Arc<dyn Disk>, sizes: Sizes) -> Result<Opened, Error> {
    let recovered = recover::open(disk, sizes)?;
    let view: Arc<dyn View> = Arc::new(MemoryView::default());
    finish(disk, recovered, view, Heads::default(), Position(0), Some("it is in memory".to_owned()))
}

/// Opens a store whose view is sled's, in `dir`.
pub fn on_disk(dir: &Path, disk: &Arc<dyn Disk>, sizes: Sizes, cache_bytes: u64) -> Result<Opened, Error> {
    let recovered = recover::open(disk, sizes)?;
    let view_dir = dir.join(VIEW);
    let ends = Ends::of(&recovered);
    match usable(disk.as_ref(), &view_dir, ends, cache_bytes) {
        Ok((view, checkpoint)) => finish(disk, recovered, Arc::new(view), Heads::new(checkpoint.heads), checkpoint.mark.position, None),
        Err(reason) => {
            tracing::info!(%reason, "the view is made again from the log");
            let view = fresh(disk.as_ref(), &view_dir, cache_bytes)?;
            finish(disk, recovered, Arc::new(view), Heads::default(), Position(0), Some(reason))
        }
    }
}

/// An empty view in place of whatever is there.
fn fresh(disk: &dyn Disk, dir: &Path, cache_bytes: u64) -> Result<SledView, Error> {
    // First the manifest: a half-removed view must not find one that vouches for it.
    disk::remove(disk, checkpoint::NAME)?;
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("remove", dir)(error)),
        _ => {}
    }
    SledView::open(dir, cache_bytes)
}

/// What of the log decides whether a view belongs to it.
#[derive(Clone, Copy)]
pub struct Ends {
    pub id: StoreId,
    pub position: Position,
    pub clean: bool,
    /// Segments were being replaced.
    pub replacing: bool,
}

impl Ends {
    fn of(recovered: &Recovered) -> Self {
        let Recovered { id, position, clean, .. } = *recovered;
        Self { id, position, clean, replacing: !recovered.survey.replaced.is_empty() }
    }
}

/// The view on disk and its manifest, or why it may not be used.
pub fn usable(disk: &dyn Disk, dir: &Path, ends: Ends, cache_bytes: u64) -> Result<(SledView, Checkpoint), String> {
    let text = |error: Error| error.to_string();
    let checkpoint = match small::read::<Checkpoint>(disk, checkpoint::NAME).map_err(text)? {
        Some(checkpoint) => checkpoint.map_err(|message| format!("its checkpoint is damaged: {message}"))?,
        None => return Err("there is no checkpoint".to_owned()),
    };
    if checkpoint.id != ends.id {
        return Err("its checkpoint belongs to another store".to_owned());
    }
    if checkpoint.view_format != checkpoint::VIEW_FORMAT {
        return Err(format!("its rows have format {}, this flowgate writes {}", checkpoint.view_format, checkpoint::VIEW_FORMAT));
    }
    let same_boot = checkpoint.machine_boot.is_some() && checkpoint.machine_boot == checkpoint::machine_boot();
    if !ends.clean && !same_boot {
        return Err("the machine stopped without closing the store".to_owned());
    }
    if ends.replacing {
        return Err("a repair was cut short".to_owned());
    }
    let view = SledView::open(dir, cache_bytes).map_err(text)?;
    let mark = applier::mark(&view).map_err(text)?;
    if mark.position < checkpoint.mark.position || mark.position > ends.position {
        return Err(format!("it stands at {}, outside the log from its checkpoint on", mark.position.0));
    }
    if mark.position == checkpoint.mark.position && mark.sums != checkpoint.mark.sums {
        return Err("its sums are not those of its checkpoint".to_owned());
    }
    if mark.sums.rows() <= SCAN_AT_OPEN_ROWS {
        scan::compare(&view, &mark.sums).map_err(text)?;
    }
    Ok((view, checkpoint))
}

/// Brings the view up to the end of the log.
fn finish(
    disk: &Arc<dyn Disk>,
    recovered: Recovered,
    view: Arc<dyn View>,
    heads: Heads,
    heads_at: Position,
    rebuilt: Option<String>,
) -> Result<Opened, Error> {
    let reader = Arc::new(Reader::new(Arc::clone(disk)));
    let records: Arc<dyn Records> = Arc::clone(&reader) as Arc<dyn Records>;
    let mut applier = Applier::new(Arc::clone(&view), records, Arc::new(heads))?;
    // Before anything changes on disk: a view that moves on is no longer the one that was closed.
    disk::remove(disk.as_ref(), recover::CLEAN)?;
    replay(disk.as_ref(), recovered.id, &recovered.survey, &mut applier, heads_at)?;
    for number in &recovered.survey.replaced {
        disk::remove(disk.as_ref(), &segment::name(*number))?;
    }
    let unscanned = rebuilt.is_none() && applier.mark().sums.rows() > SCAN_AT_OPEN_ROWS;
    Ok(Opened { recovered, view, reader, applier, rebuilt, unscanned })
}
