// SPDX-License-Identifier: Apache-2.0
// What the terminal can do, and the one line of progress that is redrawn on it.
#pragma once
#include <chrono>
#include <cstdio>
#include <string>

#include <twin/run.hpp>

namespace twin::cli {

struct Terminal {
    bool colour = false;  // a terminal, NO_COLOR not set
    bool redraw = false;  // a terminal, not CI: progress is shown
    int width = 0;        // columns, 0: not a terminal
};

/// Capabilities of a stream by isatty, NO_COLOR, CI and TERM.
Terminal terminal_of(std::FILE* stream);
/// The same rules on given values (nullptr: not set).
Terminal terminal_from(bool is_tty, const char* no_color, const char* ci, const char* term, int width);

/// " 5/17   38 %  short-hard-16s   12 s left", at most `width` columns.
std::string progress_line(std::size_t done, std::size_t total, double fraction, const std::string& name,
                          double elapsed_s, int width);

/// Draws the line at most ten times a second; does nothing where redrawing is not wanted.
class ProgressLine {
public:
    ProgressLine(std::FILE* stream, const Terminal& terminal);
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    void show(const Progress& progress, const std::string& name);
    void clear();

private:
    using Clock = std::chrono::steady_clock;
    std::FILE* stream_;
    Terminal terminal_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point last_{};
    bool drawn_ = false;
};

}  // namespace twin::cli
