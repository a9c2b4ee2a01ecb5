//! The bound on an evaluation's work. `analyse` wraps what can be expensive in `@charge(@tank, units, value)`; names that start with
//! `@` cannot be written in CEL, so nothing but these charges reaches the tank. An empty tank makes every further charge an error,
//! and each round of a loop pays one, so an evaluation ends soon after.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use cel::common::types::{CelBool, CelBytes, CelInt, CelList, CelMap, CelMapKey, CelString, DYN_TYPE, INT_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Env, ExecutionError};

/// The variable that holds the tank.
pub(super) const TANK: &str = "@tank";
/// `@charge(tank, units, value)`: pays `units` and the value's size, gives the value.
pub(super) const CHARGE: &str = "@charge";
/// `@range(tank, value)`: pays the value's size; a map becomes the list of its keys in order, because a map has none of its own.
pub(super) const RANGE: &str = "@range";

static TANK_TYPE: Type = Type::new_unspecified_type("@tank");

/// What an evaluation may still do; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Tank(Arc<AtomicU64>);

impl Tank {
    pub(super) fn new(units: u64) -> Self {
        Self(Arc::new(AtomicU64::new(units)))
    }

    /// Takes `units`; false, and empty for good, when there are not enough.
    pub(super) fn take(&self, units: u64) -> bool {
        let left = self.0.load(Ordering::Relaxed).saturating_sub(units);
        self.0.store(left, Ordering::Relaxed);
        left > 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn pay(&self, units: u64) -> Result<(), ExecutionError> {
        if self.take(units) { Ok(()) } else { Err(ExecutionError::function_error("evaluation", "out of fuel")) }
    }

    /// Pays for the whole of a value, giving up where the fuel ends.
    fn pay_for(&self, value: &dyn Val) -> Result<(), ExecutionError> {
        self.pay(1)?;
        if let Some(text) = value.downcast_ref::<CelString>() {
            return self.pay(text_units(text.inner().len()));
        }
        if let Some(bytes) = value.downcast_ref::<CelBytes>() {
            return self.pay(text_units(bytes.inner().len()));
        }
        if let Some(list) = value.downcast_ref::<CelList>() {
            return list.inner().iter().try_for_each(|item| self.pay_for(item.as_ref()));
        }
        if let Some(map) = value.downcast_ref::<CelMap>() {
            return map.inner().values().try_for_each(|item| self.pay_for(item.as_ref()));
        }
        Ok(())
    }
}

/// What text of `bytes` costs to copy or compare.
pub(super) fn text_units(bytes: usize) -> u64 {
    (bytes / 64) as u64
}

impl Val for Tank {
    fn get_type(&self) -> &Type {
        &TANK_TYPE
    }

    fn cel_type() -> &'static Type {
        &TANK_TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Tank {}

/// The standard library and the charges; shared by every expression.
pub(super) fn environment() -> Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut env = Env::stdlib().with_optional_support(false);
        // These fail only for a second declaration of the same name; were one missing, every use of it would be an error.
        let declared = env
            .add_overload(CHARGE, CHARGE, vec![TANK_TYPE_PARAMETER, INT_TYPE, DYN_TYPE], charge)
            .and_then(|()| env.add_overload(RANGE, RANGE, vec![TANK_TYPE_PARAMETER, DYN_TYPE], range));
        debug_assert!(declared.is_ok(), "the names of the charges are not taken");
        Arc::new(env)
    });
    Arc::clone(&ENVIRONMENT)
}

/// Equal to `TANK_TYPE`; a parameter's type is passed by value and `Type` does not copy.
const TANK_TYPE_PARAMETER: Type = Type::new_unspecified_type("@tank");

pub(super) fn boolean(value: bool) -> Box<dyn Val> {
    Box::new(CelBool::from(value))
}

fn charge<'b, 'v>(mut args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (Some(value), Some(units), Some(tank)) = (args.pop(), args.pop(), args.pop()) else {
        return Err(ExecutionError::invalid_argument_count(3, 0));
    };
    let tank = tank.downcast_ref::<Tank>().ok_or_else(ExecutionError::missing_argument_or_target)?;
    let units = units.downcast_ref::<CelInt>().map_or(0, |units| units.inner().unsigned_abs());
    tank.pay(units)?;
    tank.pay_for(value.as_ref())?;
    Ok(value)
}

fn range<'b, 'v>(mut args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (Some(value), Some(tank)) = (args.pop(), args.pop()) else {
        return Err(ExecutionError::invalid_argument_count(2, 0));
    };
    let tank = tank.downcast_ref::<Tank>().ok_or_else(ExecutionError::missing_argument_or_target)?;
    tank.pay_for(value.as_ref())?;
    let Some(map) = value.downcast_ref::<CelMap>() else {
        return Ok(value);
    };
    let mut keys: Vec<&CelMapKey> = map.inner().keys().collect();
    keys.sort();
    let keys: Vec<Box<dyn Val + 'v>> = keys.into_iter().map(key_value).collect();
    Ok(CowVal::owned(CelList::from(keys)))
}

fn key_value<'v>(key: &CelMapKey<'_>) -> Box<dyn Val + 'v> {
    match key {
        CelMapKey::Bool(key) => key.clone_as_boxed(),
        CelMapKey::Int(key) => key.clone_as_boxed(),
        CelMapKey::UInt(key) => key.clone_as_boxed(),
        CelMapKey::String(key) => Box::new(CelString::from(key.inner().to_owned())),
    }
}
