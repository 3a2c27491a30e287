// SPDX-License-Identifier: Apache-2.0
#include "cell/echem_rest.hpp"

#include "cell/model_file.hpp"

namespace twin::cell {

namespace {
constexpr std::size_t k_places = 401;
constexpr double k_least_step_V = 1e-9;
}  // namespace

double echem_capacity_C(const EchemParams& p) {
    const EchemElectrode& e = p.electrode[0];
    const double solid = e.area_per_volume_perm * e.radius_m / 3.0;  // volume fraction
    const double window = e.x_full - e.x_empty;
    return p.area_m2 * e.thickness_m * solid * e.c_max * (window < 0.0 ? -window : window) * k_faraday_CperMol;
}

EcmModel echem_rest_model(const EchemParams& p) {
    EcmModelFile f;
    f.id = p.id.empty() ? p.title : p.id;
    if (f.id.empty()) f.id = "electrochemical";
    f.title = p.title;
    f.chemistry = p.v_max_V > 3.9 ? "NMC" : (p.v_max_V > 3.0 ? "LFP" : "LTO");
    f.label = "rest model";
    f.sources = {"the electrochemical parameters"};
    f.capacity_Ah = echem_capacity_C(p) / 3600.0;
    f.nameplate_Ah = p.nominal_Ah;
    f.mass_kg = 1.0;
    f.v_min_V = p.v_min_V;
    f.v_max_V = p.v_max_V;
    f.valid.t_min_degC = -20.0;  // assumed: BPX states no range
    f.valid.t_max_degC = 60.0;
    f.valid.i_max_A = 5.0 * p.nominal_Ah;
    f.ocv.t_ref_degC = p.t_ref_K - k_zero_degC_K;
    for (std::size_t k = 0; k < k_places; ++k) {
        const double soc = static_cast<double>(k) / static_cast<double>(k_places - 1);
        double u_V[2];
        for (std::size_t side = 0; side < 2; ++side) {
            const EchemElectrode& e = p.electrode[side];
            u_V[side] = e.ocp_V.value(e.x_empty + (e.x_full - e.x_empty) * soc);
        }
        double v = u_V[1] - u_V[0];
        if (k > 0 && v < f.ocv.v_V.back() + k_least_step_V) v = f.ocv.v_V.back() + k_least_step_V;
        f.ocv.soc.push_back(soc);
        f.ocv.v_V.push_back(v);
    }
    f.resistance.soc = {0.0, 1.0};
    f.resistance.t_degC = {0.0, 50.0};
    f.resistance.r0_mohm = f.resistance.r1_mohm = {1.0, 1.0, 1.0, 1.0};
    f.resistance.tau1_s = 1.0;
    f.thermal = {1e3, 1e3, 1.0, 1.0};
    return build(f);
}

EchemParams echem_scaled(const EchemParams& p, double area, double extra_Ohm) {
    EchemParams s = p;
    s.area_m2 = p.area_m2 * area;
    s.nominal_Ah = p.nominal_Ah * area;
    s.heat_capacity_J_K = p.heat_capacity_J_K * area;
    s.cooling_W_K = p.cooling_W_K * area;
    s.contact_Ohm = (p.contact_Ohm + extra_Ohm) / area;
    return s;
}

}  // namespace twin::cell
