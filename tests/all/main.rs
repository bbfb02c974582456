//! The whole program, held against what it promises: one binary, so that it is linked once.

mod architecture;
mod causes;
mod causes_of_time;
mod chosen;
mod cli;
mod columns;
mod fuzz;
mod gallery;
mod known;
mod ladder;
mod leaves;
mod licences;
mod metadata;
mod odd;
mod opened;
mod page;
mod phases;
mod reopened;
mod runs;
mod same_bytes;
mod stream;
mod tshark;
mod verdicts;
mod views;
