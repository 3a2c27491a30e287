// SPDX-License-Identifier: Apache-2.0
// Writing a result: all of it or nothing.
#pragma once
#include <string>

#include <twin/error.hpp>

namespace twin {

/// Writes beside `path` and renames; a failure leaves what was there. Throws FileError.
void write_file(const std::string& path, const std::string& text);

}  // namespace twin
