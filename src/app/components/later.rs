//! A view that is only built in the browser, after the first paint.
//!
//! For every view Leptos compiles code that finds it again in the server's markup (hydration), and code that changes it into
//! another view of its kind. A view that the server never renders needs neither, so the program is smaller without.

use leptos::attr::{Attribute, any_attribute::AnyAttribute};
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};

/// Nothing on the server; replaced as a whole when it changes.
pub struct Later<V>(pub V);

impl<V: Render> Render for Later<V> {
    type State = V::State;

    #[inline(never)]
    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        let mut new = self.build();
        state.insert_before_this(&mut new);
        state.unmount();
        *state = new;
    }
}

impl<V: RenderHtml> RenderHtml for Later<V> {
    type AsyncOutput = Self;
    type Owned = Later<V::Owned>;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self::AsyncOutput {
        self
    }

    fn to_html_with_buf(
        self,
        _buf: &mut String,
        _position: &mut Position,
        _escape: bool,
        _mark_branches: bool,
        _extra_attrs: Vec<AnyAttribute>,
    ) {
    }

    fn hydrate<const FROM_SERVER: bool>(self, _cursor: &Cursor, _position: &PositionState) -> Self::State {
        unreachable!("no server renders it")
    }

    fn into_owned(self) -> Self::Owned {
        Later(self.0.into_owned())
    }
}

impl<V: RenderHtml> AddAnyAttr for Later<V> {
    type Output<SomeNewAttr: Attribute> = Later<V::Output<SomeNewAttr>>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        Later(self.0.add_any_attr(attr))
    }
}
