// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of impedance spectra: either an error, or spectra with rising finite frequencies, Re > 0 and Im
// that is not positive at the highest one; no crash, no hang, no undefined behaviour.
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "study/spectrum.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace twin;
    const std::string path =
        (std::filesystem::temp_directory_path() / ("fuzz_eis_" + std::to_string(::getpid()))).string();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    for (const bool given : {true, false}) {
        FitFile file;
        file.path = path;
        if (given) file.temp_degC = 25.0, file.soc_start_rel = 0.5;
        std::vector<Diagnostic> errors;
        const study::SpectrumFile f = study::read_spectra(file, {}, errors);
        if (errors.empty() == f.all.empty()) std::abort();
        for (const study::Spectrum& s : f.all) {
            if (s.f_Hz.size() != s.z_Ohm.size() || s.f_Hz.size() != s.use_im.size() || s.f_Hz.size() < 5) std::abort();
            for (std::size_t k = 0; k < s.f_Hz.size(); ++k)
                if (!std::isfinite(s.f_Hz[k]) || !(s.z_Ohm[k].real() > 0.0) || !std::isfinite(s.z_Ohm[k].imag()) ||
                    (k > 0 && s.f_Hz[k] < s.f_Hz[k - 1]))
                    std::abort();
            if (s.z_Ohm.back().imag() > 0.0) std::abort();
        }
        if (!f.all.empty()) (void)study::best_taus(f.all, 2);
    }
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    return 0;
}
