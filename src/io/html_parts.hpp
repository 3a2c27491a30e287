// SPDX-License-Identifier: Apache-2.0
// Parts of the HTML report.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "io/html_plot.hpp"
#include "sim/result.hpp"

namespace twin::io {

std::string_view html_css();
std::string_view html_script();

/// Events in words, as an ordered list; `marks` gets the numbered ones that the plots show.
std::string html_story(const sim::RunResult& result, std::vector<PlotMark>& marks);
/// The section of one run; `open` shows it unfolded.
std::string html_run(const sim::RunResult& result, bool open);
/// Coloured badge of a verdict or of a state.
std::string html_badge(const std::string& text, std::string_view tone);
/// "good" or "bad" for a run.
std::string_view run_tone(const sim::RunResult& result);
/// Anchor of a run inside the page.
std::string html_anchor(const std::string& id);

}  // namespace twin::io
