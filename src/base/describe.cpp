// SPDX-License-Identifier: Apache-2.0
#include "base/describe.hpp"

#include <cctype>

namespace twin::base {

namespace {

std::optional<int> match_number(std::string_view head, std::string_view tail, std::string_view key) {
    if (key.size() <= head.size() + tail.size() || !key.starts_with(head) || !key.ends_with(tail)) return std::nullopt;
    const std::string_view digits = key.substr(head.size(), key.size() - head.size() - tail.size());
    if (digits.size() > 4 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
    int n = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        n = n * 10 + (c - '0');
    }
    return n;
}

std::optional<int> match_one(std::string_view alternative, std::string_view key) {
    if (alternative == "<name>") return key.empty() ? std::nullopt : std::optional<int>(-1);
    const std::size_t at = alternative.find("<n>");
    if (at == std::string_view::npos) return alternative == key ? std::optional<int>(-1) : std::nullopt;
    return match_number(alternative.substr(0, at), alternative.substr(at + 3), key);
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0U : 1U);
            diagonal = row[j];
            std::size_t best = substituted;
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.size()];
}

}  // namespace

std::optional<int> match_key(std::string_view pattern, std::string_view key) {
    while (!pattern.empty()) {
        const std::size_t bar = pattern.find('|');
        const std::optional<int> n = match_one(pattern.substr(0, bar), key);
        if (n) return n;
        if (bar == std::string_view::npos) break;
        pattern.remove_prefix(bar + 1);
    }
    return std::nullopt;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    constexpr std::size_t k_longest = 200;  // a hostile key must not cost quadratic time
    if (word.size() > k_longest) return {};
    std::size_t best = word.size() / 2 + 2;
    std::string found;
    for (const std::string& c : candidates) {
        if (c.size() > k_longest) continue;
        const std::size_t d = edit_distance(word, c);
        if (d < best) {
            best = d;
            found = c;
        }
    }
    return found;
}

}  // namespace twin::base
