// SPDX-License-Identifier: Apache-2.0
// Plots of traces as inline SVG: channels of one unit and one order of magnitude share a plot, discrete channels are
// drawn as logic lanes, channels that never change become a line of text.
#pragma once
#include <string>
#include <vector>

#include "sim/result.hpp"

namespace twin::io {

/// A numbered mark in the plots that the story of events refers to.
struct PlotMark {
    Time_ns t_ns = 0;
    int number = 0;
};

/// All plots of one trace as HTML. `checks` give the dashed lines of bounds like "truth.cell.v_max_V <= 3.65".
std::string trace_plots(const sim::Trace& trace, const std::vector<PlotMark>& marks,
                        const std::vector<sim::CheckResult>& checks);

}  // namespace twin::io
