// SPDX-License-Identifier: Apache-2.0
#include <twin/file.hpp>

#include "io/atomic_file.hpp"

namespace twin {

void write_file(const std::string& path, const std::string& text) { io::write_file(path, text); }

}  // namespace twin
