// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "cli/suggest.hpp"
#include "cli/terminal.hpp"

using namespace twin::cli;

TEST_CASE("edit distance: the classic examples, and a swap of neighbours counts one") {
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("same", "same") == 0);
    CHECK(edit_distance("jnuit", "junit") == 1);
    CHECK(edit_distance("ab", "ba") == 1);
}

TEST_CASE("nearest: what may have been meant, nothing far-fetched") {
    const std::vector<std::string> verbs{"run", "list", "channels", "validate", "show", "schema", "version"};
    CHECK(nearest("rnu", verbs) == "run");
    CHECK(nearest("valdiate", verbs) == "validate");
    CHECK(nearest("chanels", verbs) == "channels");
    CHECK(nearest("simulate", verbs).empty());
    CHECK(nearest("x", {}).empty());
}

TEST_CASE("terminal: colour and redrawing by tty, NO_COLOR, CI and TERM") {
    const Terminal plain = terminal_from(true, nullptr, nullptr, "xterm", 120);
    CHECK(plain.colour);
    CHECK(plain.redraw);
    CHECK(plain.width == 120);
    CHECK_FALSE(terminal_from(true, "1", nullptr, "xterm", 80).colour);
    CHECK(terminal_from(true, "1", nullptr, "xterm", 80).redraw);
    CHECK(terminal_from(true, "", nullptr, "xterm", 80).colour);  // an empty NO_COLOR is not set
    CHECK_FALSE(terminal_from(true, nullptr, "true", "xterm", 80).redraw);
    CHECK(terminal_from(true, nullptr, "false", "xterm", 80).redraw);
    CHECK_FALSE(terminal_from(true, nullptr, nullptr, "dumb", 80).redraw);
    CHECK_FALSE(terminal_from(false, nullptr, nullptr, "xterm", 80).colour);
    CHECK_FALSE(terminal_from(false, nullptr, nullptr, "xterm", 80).redraw);
    CHECK(terminal_from(false, nullptr, nullptr, "xterm", 80).width == 0);
}

TEST_CASE("progress line: share, name, time left, never wider than the terminal") {
    CHECK(progress_line(5, 17, 0.38, "short-hard-16s", 6.2, 80) == " 5/17   38 %  short-hard-16s  10 s left");
    CHECK(progress_line(0, 3, 0.0, "a", 0.1, 80) == "0/3    0 %  a");
    CHECK(progress_line(1, 2, 0.5, "day", 600, 80) == "1/2   50 %  day  10:00 min left");
    CHECK(progress_line(1, 2, 0.1, "day", 3600, 80) == "1/2   10 %  day  9:00 h left");
    const std::string name(200, 'x');
    for (const int width : {20, 40, 80, 132}) {
        const std::string line = progress_line(1, 2, 0.5, name, 10, width);
        CHECK(line.size() < static_cast<std::size_t>(width < 21 ? 21 : width));
        CHECK(line.find("10 s left") != std::string::npos);
    }
}
