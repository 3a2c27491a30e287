// SPDX-License-Identifier: Apache-2.0
// What the tests of electrochemical cells share: parameter sets of models/echem and the references beside them.
#pragma once
#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "io/bpx.hpp"

namespace twin::study {

inline std::string echem_root() { return BMSTWIN_SOURCE_DIR; }

inline std::shared_ptr<cell::EchemParams> set_of(const std::string& name) {
    const io::BpxResult r = io::read_bpx(echem_root() + "/models/echem/" + name + ".json");
    for (const Diagnostic& d : r.errors) FAIL_CHECK(to_string(d));
    REQUIRE(r.ok());
    return std::make_shared<cell::EchemParams>(*r.params);
}

/// Rows of numbers of tests/data/echem/<name>.csv without its header; a first column of text is left out, and with
/// `only` just the rows whose text it is are read.
inline std::vector<std::vector<double>> echem_rows(const std::string& name, const std::string& only = "") {
    std::ifstream in(echem_root() + "/tests/data/echem/" + name + ".csv");
    REQUIRE_MESSAGE(in.good(), name);
    std::vector<std::vector<double>> rows;
    std::string line, word;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::stringstream cut(line);
        if (!only.empty()) {
            std::getline(cut, word, ',');
            if (word != only) continue;
        }
        std::vector<double> row;
        while (std::getline(cut, word, ',')) row.push_back(std::stod(word));
        rows.push_back(row);
    }
    return rows;
}

}  // namespace twin::study
