//! How a runner comes to a handle of its own of a store that somebody else opened.

use super::{JobStore, OpenError, Opened};
use async_trait::async_trait;
use std::{fmt, sync::Arc};

/// Opens a store once more that is open: for stores that are driven by the runtime that opened them, such as through a
/// connection that is one of its tasks. While that runtime stands still, as it may while handlers block, so do they.
///
/// A runner renews leases on a thread of its own, through what this gives. See [`Opened::again`].
#[async_trait]
pub trait Reopen: fmt::Debug + Send + Sync + 'static {
    /// A further handle of the same store, with the same rights, driven by the runtime that calls this: the one that
    /// opened the first may stand still meanwhile, and for ever. What the store is made of is neither made nor changed.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; with a [`StoreError`](super::StoreError) for its source that
    /// [is transient](super::StoreError::is_transient), if the store is only away: then a runner tries again.
    async fn reopen(&self) -> Result<Opened, OpenError>;
}

impl Opened {
    /// The same with what `wrap` makes of its jobs in their place, such as a store that counts or measures the calls;
    /// further handles of it too.
    #[must_use]
    pub fn wrapped(
        self,
        wrap: impl Fn(Arc<dyn JobStore>) -> Arc<dyn JobStore> + Send + Sync + 'static,
    ) -> Self {
        self.wrapped_by(Arc::new(wrap))
    }

    fn wrapped_by(self, wrap: Wrap) -> Self {
        let store = wrap(self.store);
        let again = self.again.map(|again| Arc::new(Wrapped { again, wrap }) as Arc<dyn Reopen>);
        Self { store, again, ..self }
    }
}

type Wrap = Arc<dyn Fn(Arc<dyn JobStore>) -> Arc<dyn JobStore> + Send + Sync>;

/// Gives further handles of a wrapped store.
struct Wrapped {
    again: Arc<dyn Reopen>,
    wrap: Wrap,
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wrapped").field(&self.again).finish()
    }
}

#[async_trait]
impl Reopen for Wrapped {
    async fn reopen(&self) -> Result<Opened, OpenError> {
        Ok(self.again.reopen().await?.wrapped_by(self.wrap.clone()))
    }
}
