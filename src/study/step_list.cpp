// SPDX-License-Identifier: Apache-2.0
#include "study/step_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace twin::study {

std::string steps_text(const std::vector<FitStep>& steps, std::size_t most) {
    struct Group {
        std::string kind;
        double i_A = 0.0, length_s = 0.0;
        std::size_t n = 0;
    };
    const auto near = [](double a, double b) { return std::abs(a - b) <= 0.03 * std::max(std::abs(a), std::abs(b)); };
    std::vector<Group> groups;
    for (const FitStep& x : steps) {
        const double length_s = x.t_end_s - x.t_start_s, i_A = x.kind == "rest" ? 0.0 : x.i_mean_A;
        const auto same = [&](const Group& g) {
            return g.kind == x.kind && (x.kind == "dynamic" || (near(g.i_A, i_A) && near(g.length_s, length_s)));
        };
        const auto g = std::find_if(groups.begin(), groups.end(), same);
        if (g == groups.end())
            groups.push_back({x.kind, i_A, length_s, 1});
        else
            ++g->n;
    }
    std::string s;
    for (std::size_t k = 0; k < std::min(groups.size(), most); ++k) {
        const Group& g = groups[k];
        s += fmt::format("{}{} {}", s.empty() ? "" : ", ", g.n, g.kind);
        if (g.kind != "dynamic" && g.kind != "rest") s += fmt::format(" {:+.3g} A", g.i_A);
        if (g.kind != "dynamic") s += fmt::format(" {:.4g} s", g.length_s);
    }
    return groups.size() > most ? s + fmt::format(", {} more kinds", groups.size() - most) : s;
}

}  // namespace twin::study
