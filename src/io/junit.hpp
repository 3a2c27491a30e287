// SPDX-License-Identifier: Apache-2.0
// JUnit XML as CI servers read it: one suite, one case per scenario. ERROR is <error>, a failed expectation <failure>.
#pragma once
#include <string>
#include <vector>

#include "sim/result.hpp"

namespace twin::io {

std::string junit_xml(const std::vector<sim::RunResult>& results);

}  // namespace twin::io
