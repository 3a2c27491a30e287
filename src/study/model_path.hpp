// SPDX-License-Identifier: Apache-2.0
// A model file by path or by name.
#pragma once
#include <string>

namespace twin::study {

/// `kind`: the folder below models (ageing, abuse, spread); `what`: how a message calls it. Throws InputError with the
/// nearest name and all there are.
std::string model_path(const char* kind, const char* what, const std::string& name);

}  // namespace twin::study
