// SPDX-License-Identifier: Apache-2.0
// The list of channels and settable targets of a run, for people and for programs.
#pragma once
#include <string>
#include <vector>

#include <twin/types.hpp>

namespace twin::io {

/// Aligned columns: name, unit, shape, "set" with its range where settable, meaning. One line a channel.
std::string channels_table(const std::vector<ChannelInfo>& channels);
/// JSON array of {"name", "unit", "shape", "meaning", "discrete", "readable", "settable", "range"}.
std::string channels_json(const std::vector<ChannelInfo>& channels);

}  // namespace twin::io
