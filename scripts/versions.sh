# Tools that must have exactly these versions. scripts/setup reads this file. No other file repeats them, except
# WASM_BINDGEN_VERSION, which must be that of `wasm-bindgen` in Cargo.toml.
CARGO_FUZZ_VERSION=0.13.2
CARGO_LEPTOS_VERSION=0.3.10
WASM_BINDGEN_VERSION=0.2.129
CARGO_DENY_VERSION=0.20.2
CARGO_CYCLONEDX_VERSION=0.5.9
