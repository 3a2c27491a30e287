// SPDX-License-Identifier: Apache-2.0
// Verb `version`.
#pragma once
#include <string>
#include <vector>

#include <twin/result.hpp>

namespace twin {

/// "0.1.0"
std::string version();
/// Library, scenario language, core ABI and built-in core: what a result depends on.
std::vector<NamedText> versions();

}  // namespace twin
