// SPDX-License-Identifier: Apache-2.0
// The name somebody may have meant.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace twin::cli {

/// Insertions, deletions, replacements and swaps of neighbours that turn a into b.
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The nearest of `names`, or "" if none is near (more than a third of the letters differ).
std::string nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace twin::cli
