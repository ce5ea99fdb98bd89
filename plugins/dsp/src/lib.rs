//! The kernels of Segue's reference plugins.
