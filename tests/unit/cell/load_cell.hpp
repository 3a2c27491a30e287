// SPDX-License-Identifier: Apache-2.0
// Reads a shipped cell model for tests, through the same description that the loader uses.
#pragma once
#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "cell/model_file.hpp"

namespace twin::cell_test {

/// Strict reading visitor: unknown keys, missing required keys and wrong ranges throw.
class Reader {
public:
    explicit Reader(const nlohmann::json& j) : j_(j) {}
    void about(const char*, const char*) {}
    template <class T>
    void field(const char* key, T& ref, const base::Spec& spec = {}) {
        seen_.push_back(key);
        const auto at = j_.find(key);
        if (at == j_.end()) {
            if (spec.need == base::Need::required) throw std::runtime_error(std::string("missing ") + key);
            return;
        }
        if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string> && !is_vector<T>::value) {
            Reader inner(*at);
            describe(inner, ref);
            inner.finish();
        } else {
            ref = at->get<T>();
        }
        if constexpr (std::is_same_v<T, double>) limit(key, ref, spec);
        if constexpr (std::is_same_v<T, std::vector<double>>)
            for (const double x : ref) limit(key, x, spec);
    }
    void check(bool ok, const char* key, const char* message) {
        if (!ok) throw std::runtime_error(std::string(key) + ": " + message);
    }
    void finish() const {
        for (const auto& item : j_.items())
            if (std::find(seen_.begin(), seen_.end(), item.key()) == seen_.end())
                throw std::runtime_error("unknown " + item.key());
    }

private:
    template <class T>
    struct is_vector : std::false_type {};
    template <class T>
    struct is_vector<std::vector<T>> : std::true_type {};
    static void limit(const char* key, double x, const base::Spec& spec) {
        if (x < spec.min || x > spec.max) throw std::runtime_error(std::string(key) + " out of range");
    }
    const nlohmann::json& j_;
    std::vector<std::string> seen_;
};

inline cell::EcmModelFile load_file(const std::string& id) {
    const std::string path = std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/" + id + ".json";
    std::ifstream in(path);
    if (!in) throw std::runtime_error("cannot open " + path);
    const nlohmann::json j = nlohmann::json::parse(in);
    cell::EcmModelFile f;
    Reader reader(j);
    describe(reader, f);
    reader.finish();
    return f;
}
inline cell::EcmModel load_model(const std::string& id) { return cell::build(load_file(id)); }

/// A cell whose every quantity is a constant or a straight line, for closed forms.
inline cell::EcmModelFile plain_file() {
    cell::EcmModelFile f;
    f.id = "plain";
    f.chemistry = "LFP";
    f.capacity_Ah = 10.0;
    f.nameplate_Ah = 10.0;
    f.v_min_V = 2.0;
    f.v_max_V = 5.0;
    f.valid = {0.0, 1.0, -20.0, 60.0, 100.0};
    f.ocv.soc = {0.0, 1.0};
    f.ocv.v_V = {3.0, 4.0};
    f.resistance.soc = {0.0, 1.0};
    f.resistance.t_degC = {0.0, 50.0};
    f.resistance.r0_mohm = {1.0, 1.0, 1.0, 1.0};
    f.resistance.r1_mohm = {2.0, 2.0, 2.0, 2.0};
    f.resistance.r2_mohm = {3.0, 3.0, 3.0, 3.0};
    f.resistance.tau1_s = 2.0;
    f.resistance.tau2_s = 25.0;
    f.thermal = {200.0, 40.0, 1.5, 4.0};
    return f;
}

/// The shipped LFP cell with everything that a model may have besides: a third RC pair, other resistances on charge, an
/// instantaneous part of the hysteresis, side reactions.
inline cell::EcmModelFile extended_file() {
    cell::EcmModelFile f = load_file("lfp-100ah");
    f.id = "extended";
    cell::ResistanceFile& r = f.resistance;
    for (std::size_t k = 0; k < r.r0_mohm.size(); ++k) {
        r.r3_mohm.push_back(0.5 * r.r2_mohm[k]);
        r.r0_charge_mohm.push_back(1.1 * r.r0_mohm[k]);
        r.r1_charge_mohm.push_back(1.3 * r.r1_mohm[k]);
        r.r3_charge_mohm.push_back(0.4 * r.r2_mohm[k]);
    }
    r.tau3_s = 800.0;
    r.ohmic_mohm = 0.3 * r.r0_mohm.front();
    f.hysteresis.m0_mV.assign(f.hysteresis.soc.size(), 4.0);
    f.coulombic_efficiency = 0.995;
    f.self_discharge = {3.0, 25.0, 6000.0};
    return f;
}

}  // namespace twin::cell_test
