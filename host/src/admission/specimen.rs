//! Specimen
