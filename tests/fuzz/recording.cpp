// SPDX-License-Identifier: Apache-2.0
// Any bytes as a measured CSV file and as an OCV table of the fit: either an error with its place or finite, ordered
// samples; no crash, no hang, no undefined behaviour.
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "study/ocv.hpp"
#include "study/recording.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("fuzz_recording_" + std::to_string(::getpid()))).string();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    twin::FitFile file;
    file.path = path;
    file.temp_degC = 25.0;
    std::vector<twin::Diagnostic> errors;
    twin::study::Recording r = twin::study::read_recording(file, {}, errors);
    if (errors.empty() == r.t_s.empty()) std::abort();
    for (std::size_t k = 0; k < r.t_s.size(); ++k) {
        if (!std::isfinite(r.t_s[k]) || !std::isfinite(r.i_A[k]) || !(r.v_V[k] > 0.0)) std::abort();
        if (k > 0 && r.t_s[k] < r.t_s[k - 1]) std::abort();
    }
    if (!r.t_s.empty()) {
        twin::study::check_sign(r, errors);
        twin::study::detect_steps(r, 0.0);
        std::vector<twin::study::Recording> all{r};
        twin::study::split_slow_legs(all, 0.0);
    }
    errors.clear();
    const twin::study::OcvData ocv = twin::study::ocv_of_table(path, errors);
    for (std::size_t k = 1; errors.empty() && k < ocv.v_V.size(); ++k)
        if (!(ocv.v_V[k] > ocv.v_V[k - 1]) || !(ocv.soc[k] > ocv.soc[k - 1])) std::abort();
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    return 0;
}
