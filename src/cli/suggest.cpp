// SPDX-License-Identifier: Apache-2.0
#include "cli/suggest.hpp"

#include <algorithm>

namespace twin::cli {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    const std::size_t n = b.size() + 1;
    std::vector<std::size_t> before(n), last(n), row(n);
    for (std::size_t k = 0; k < n; ++k) last[k] = k;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t k = 1; k < n; ++k) {
            const std::size_t change = a[i - 1] == b[k - 1] ? 0 : 1;
            row[k] = std::min({last[k] + 1, row[k - 1] + 1, last[k - 1] + change});
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = std::min(row[k], before[k - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[n - 1];
}

std::string nearest(std::string_view word, const std::vector<std::string>& names) {
    std::string best;
    std::size_t least = word.size() / 3 + 1;
    for (const std::string& name : names) {
        const std::size_t d = edit_distance(word, name);
        if (d > least || (d == least && !best.empty())) continue;
        least = d;
        best = name;
    }
    return best;
}

}  // namespace twin::cli
