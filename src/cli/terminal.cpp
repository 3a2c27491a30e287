// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace twin::cli {
namespace {

std::string time_left(double s) {
    if (s < 1) return "1 s left";
    const auto whole = static_cast<long long>(std::clamp(s, 0.0, 1e9) + 0.5);
    if (whole < 100) return fmt::format("{} s left", whole);
    if (whole < 6000) return fmt::format("{}:{:02} min left", whole / 60, whole % 60);
    return fmt::format("{}:{:02} h left", whole / 3600, whole / 60 % 60);
}

bool is_set(const char* value) { return value != nullptr && *value != '\0'; }

}  // namespace

Terminal terminal_from(bool is_tty, const char* no_color, const char* ci, const char* term, int width) {
    const bool dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
    const bool in_ci = is_set(ci) && std::strcmp(ci, "false") != 0 && std::strcmp(ci, "0") != 0;
    Terminal t;
    t.colour = is_tty && !dumb && !is_set(no_color);
    t.redraw = is_tty && !dumb && !in_ci;
    t.width = is_tty ? width : 0;
    return t;
}

Terminal terminal_of(std::FILE* stream) {
    const int fd = fileno(stream);
    const bool tty = isatty(fd) == 1;
    int width = 80;
    winsize size{};
    if (tty && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) width = size.ws_col;
    return terminal_from(tty, std::getenv("NO_COLOR"), std::getenv("CI"), std::getenv("TERM"), width);
}

std::string progress_line(std::size_t done, std::size_t total, double fraction, const std::string& name,
                          double elapsed_s, int width) {
    const double f = std::clamp(fraction, 0.0, 1.0);
    // The first moments say nothing about the speed.
    const std::string left = f > 0.01 && elapsed_s > 0.5 ? time_left(elapsed_s * (1 - f) / f) : "";
    const std::string head = fmt::format("{:>{}}/{} {:>4.0f} %  ", done, std::to_string(total).size(), total, f * 100);
    const std::size_t room = static_cast<std::size_t>(std::max(width - 1, 20));
    std::string line = head + name;
    if (line.size() + left.size() + 2 > room)
        line.resize(room > left.size() + 2 ? std::min(line.size(), room - left.size() - 2) : 0);
    return left.empty() ? line : line + "  " + left;
}

ProgressLine::ProgressLine(std::FILE* stream, const Terminal& terminal) : stream_(stream), terminal_(terminal) {}

void ProgressLine::show(const Progress& progress, const std::string& name) {
    if (!terminal_.redraw) return;
    const Clock::time_point now = Clock::now();
    if (drawn_ && now - last_ < std::chrono::milliseconds(100) && progress.finished == nullptr) return;
    last_ = now;
    const double elapsed_s = std::chrono::duration<double>(now - start_).count();
    const std::string line =
        progress_line(progress.runs_done, progress.runs_total, progress.fraction, name, elapsed_s, terminal_.width);
    fmt::print(stream_, "\r\x1b[2K{}", line);
    std::fflush(stream_);
    drawn_ = true;
}

void ProgressLine::clear() {
    if (!drawn_) return;
    std::fputs("\r\x1b[2K", stream_);
    std::fflush(stream_);
    drawn_ = false;
}

}  // namespace twin::cli
