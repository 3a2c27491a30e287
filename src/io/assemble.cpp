// SPDX-License-Identifier: Apache-2.0
#include "io/assemble.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "afe/dvc1124_file.hpp"
#include "base/describe.hpp"
#include "base/rng.hpp"
#include "board/core_library.hpp"
#include "cell/echem_rest.hpp"
#include "cell/model_file.hpp"
#include "cell/spread_model.hpp"
#include "io/bpx.hpp"
#include "io/load.hpp"
#include "io/model.hpp"
#include "power/board_parts_file.hpp"
#include "power/mosfet_model.hpp"
#include "scenario/describe_requirements.hpp"
#include "sim/run_api.hpp"
#include "sim/simulation.hpp"

namespace twin::io {
namespace {

class Assembler {
public:
    Assembler(const scenario::Scenario& s, const RunOptions& o) : s_(s), options_(o) { path_.dirs = s.model_dirs; }

    sim::RunSetup run() {
        sim::RunSetup out;
        out.scenario = s_;
        out.options = options_;
        out.versions.push_back({"language", std::to_string(s_.language)});
        load_core(out);
        std::vector<std::size_t> order(s_.packs.size());
        for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
        std::sort(order.begin(), order.end(),
                  [this](std::size_t a, std::size_t b) { return s_.packs[a].id < s_.packs[b].id; });
        for (const std::size_t k : order) out.packs.push_back(pack(k, out));
        if (!found_.empty()) throw InputError(found_);
        out.warnings = std::move(warnings_);
        return out;
    }

private:
    void error(const std::string& file, const std::string& pointer, const std::string& message) {
        Diagnostic d;
        d.file = file;
        d.pointer = pointer;
        d.message = message;
        found_.push_back(d);
    }

    template <class File>
    bool read(const char* kind, const std::string& name, const std::string& pointer, File* out) {
        const std::string file = path_.find(kind, name);
        if (file.empty()) {
            const std::string near = base::nearest(name, path_.names(kind));
            error(s_.file, pointer,
                  fmt::format("no model \"{}\" among {}{}; searched: {}", name, kind,
                              near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near),
                              fmt::join(path_.dirs, ", ")));
            return false;
        }
        Result<File> r = read_model<File>(file);
        for (Diagnostic& d : r.errors) found_.push_back(std::move(d));
        if (r.ok()) *out = std::move(r.value);
        return r.ok();
    }

    void load_core(sim::RunSetup& out) {
        core_ = board::builtin_core();
        if (options_.core_library.empty()) return;
        try {
            const board::CoreLibrary lib = board::load_core(options_.core_library, static_cast<int>(s_.packs.size()));
            core_ = lib.core();
            out.core_library = std::make_shared<board::CoreLibrary>(lib);
            out.versions.push_back({"core_library", "external"});
        } catch (const board::BoardError& e) {
            error(options_.core_library, "", e.what());
        }
    }

    /// True if the model is a BPX file, read or refused.
    bool read_echem(const scenario::Pack& p, const std::string& at, sim::PackModels& m, std::string* chemistry) {
        std::string file = path_.find("cells", p.model);
        if (file.empty()) file = path_.find("echem", p.model);
        Json j;
        Diagnostic d;
        if (file.empty() || !read_json(file, k_model_limits, &j, &d) || !is_bpx(j)) return false;
        if (p.kind == "ecm")
            error(s_.file, at + "/kind", fmt::format("\"{}\" is a BPX file: kind must be spm, spme or dfn", p.model));
        BpxResult r = read_bpx_json(j, file);
        for (Diagnostic& x : r.errors) found_.push_back(std::move(x));
        if (!r.ok()) return true;
        for (const std::string& note : r.notes) {
            Warning w;
            w.code = "INPUT";
            w.model = p.model;
            w.quantity = at + "/model";
            w.text = note;
            warnings_.push_back(w);
        }
        m.echem = r.params;
        if (!r.params->electrolyte && p.kind != "spm")
            error(s_.file, at + "/kind", fmt::format("\"{}\" has no electrolyte: kind must be spm", p.model));
        m.echem_kind = p.kind == "spm"   ? cell::EchemKind::spm
                       : p.kind == "dfn" ? cell::EchemKind::dfn
                                         : cell::EchemKind::spme;
        try {
            m.cell = std::make_shared<cell::EcmModel>(cell::echem_rest_model(*r.params));
        } catch (const std::invalid_argument& e) {
            error(file, "", e.what());
            return true;
        }
        m.nominal_Ah = r.params->nominal_Ah;
        m.v_max_V = r.params->v_max_V;
        *chemistry = m.cell->chemistry;
        return true;
    }

    void read_cell(const scenario::Pack& p, const std::string& at, sim::PackModels& m, std::string* chemistry) {
        if (read_echem(p, at, m, chemistry)) return;
        cell::EcmModelFile file;
        if (!read("cells", p.model, at + "/model", &file)) return;
        if (!p.kind.empty() && p.kind != "ecm")
            error(s_.file, at + "/kind",
                  fmt::format("\"{}\" is an equivalent circuit: kind {} needs a BPX file", p.model, p.kind));
        try {
            m.cell = std::make_shared<cell::EcmModel>(cell::build(file));
        } catch (const std::invalid_argument& e) {
            error(path_.find("cells", p.model), "", e.what());
        }
        *chemistry = file.chemistry;
        if (!m.cell) return;
        m.nominal_Ah = m.cell->nameplate_Ah > 0.0 ? m.cell->nameplate_Ah : m.cell->capacity_C / 3600.0;
        m.v_max_V = m.cell->v_max_V;
    }

    void check_hysteresis(const scenario::Pack& p, const std::string& at, const sim::PackModels& m) {
        if (!m.cell) return;
        if (m.echem ? cell::has_hysteresis(*m.echem) : cell::has_hysteresis(*m.cell)) return;
        const auto check = [&](const std::optional<double>& h, const std::string& pointer) {
            if (h) error(s_.file, pointer, fmt::format("model \"{}\" has no hysteresis: leave this out", p.model));
        };
        check(p.hysteresis, at + "/hysteresis");
        for (const auto& [name, o] : p.override_) check(o.hysteresis, at + "/override/" + name + "/hysteresis");
    }

    void read_spread(const scenario::Pack& p, const std::string& at, const std::string& chemistry, sim::PackModels& m) {
        cell::SpreadFile file;
        if (!read("spread", spread_name(p.spread.model), at + "/spread", &file)) return;
        if (file.chemistry != chemistry && !chemistry.empty())
            error(s_.file, at + "/spread",
                  fmt::format("\"{}\" is of {} cells, the pack's are {}", p.spread.model, file.chemistry, chemistry));
        m.spread = std::make_shared<const cell::SpreadModel>(cell::compile(file));
    }

    void read_board(const scenario::Pack& p, const std::string& at, sim::PackModels& m) {
        power::BoardPartsFile file;
        if (!read("boards", p.board.product, at + "/board/product", &file)) return;
        if (!file.refused.empty()) {
            error(s_.file, at + "/board/product",
                  fmt::format("\"{}\" cannot be simulated: {}", p.board.product, file.refused));
            return;
        }
        for (const auto& x : p.board.parts) {
            const std::string why = power::set_part(file, x.key, x.value);
            if (!why.empty()) error(s_.file, fmt::format("{}/board/parts/{}", at, x.key), why);
        }
        const base::RngKey key{s_.seed, base::name_key(p.id.data(), p.id.size())};
        const afe::Tolerance tol = p.board.tolerances == "worst"     ? afe::Tolerance::worst
                                   : p.board.tolerances == "sampled" ? afe::Tolerance::sampled
                                                                     : afe::Tolerance::nominal;
        m.parts = power::build_parts(file, tol, key);
        m.board.calibrated_shunt_Ohm = power::build_parts(file, afe::Tolerance::nominal, key).shunt_Ohm;
        if (p.series < m.parts.strings_min || p.series > m.parts.strings_max) {
            error(s_.file, at + "/cells",
                  fmt::format("{} cells in series, but {} takes {} to {}", p.series, p.board.product,
                              m.parts.strings_min, m.parts.strings_max));
        }
        power::MosfetModelFile fet;
        if (read("mosfets", m.parts.mosfet, at + "/board/parts/mosfet", &fet)) {
            const power::MosfetModel model = power::build(fet);
            m.fet = model.fet;
            m.fet_limits = model.limits;
        }
        afe::Dvc1124File chip;
        if (read("afes", m.parts.afe, at + "/board/product", &chip)) {
            m.board.afe = afe::build(chip);
            m.board.afe.tolerance = tol;
            m.board.afe.cell_offset_sd_V = p.board.spread.channel_offset_V;
        }
    }

    void core_settings(const scenario::Pack& p, const std::string& chemistry, sim::PackModels& m) {
        board::BoardConfig& b = m.board;
        b.pack_id = p.id;
        b.parts = m.parts;
        b.n_cells = p.series;
        const std::string type = p.board.chemistry == "auto" ? chemistry : p.board.chemistry;
        b.chemistry = type == "NMC" ? BMS_CHEM_NMC : (type == "LTO" ? BMS_CHEM_LTO : BMS_CHEM_LFP);
        b.profile = p.board.profile == "manual" ? BMS_PROFILE_MANUAL : BMS_PROFILE_FIELD;
        if (m.cell) b.capacity_Ah = m.cell->nameplate_Ah * static_cast<double>(p.parallel);
        for (const auto& x : p.board.parameters) b.overrides.push_back({x.key, x.value.number});
        b.core = core_;
    }

    sim::PackModels pack(std::size_t index, sim::RunSetup& out) {
        const scenario::Pack& p = s_.packs[index];
        const std::string at = s_.packs.size() > 1 ? "/packs/" + p.id : "/pack";
        sim::PackModels m;
        m.pack = index;
        m.board_fitted = !p.board.none();
        std::string chemistry;
        read_cell(p, at, m, &chemistry);
        m.chemistry = chemistry;
        check_hysteresis(p, at, m);
        if (!p.spread.model.empty()) {
            read_spread(p, at, chemistry, m);
            out.versions.push_back({"spread." + p.id, p.spread.model});
        }
        out.versions.push_back({"model." + p.id, p.model});
        if (!m.board_fitted) return m;
        read_board(p, at, m);
        core_settings(p, chemistry, m);
        out.versions.push_back({"board." + p.id, p.board.product});
        scenario::RequirementFile req;
        if (read("profiles", p.board.profile, at + "/board/profile", &req)) {
            m.requirements = scenario::requirements_for(req, p.board.product, m.parts.i_rated_A, chemistry, p.series);
        }
        return m;
    }

    const scenario::Scenario& s_;
    const RunOptions& options_;
    SearchPath path_;
    const bms_core* core_ = nullptr;
    std::vector<Warning> warnings_;
    std::vector<Diagnostic> found_;
};

}  // namespace

sim::RunSetup assemble(const scenario::Scenario& scenario, const RunOptions& options) {
    return Assembler(scenario, options).run();
}

}  // namespace twin::io

namespace twin::sim {

std::unique_ptr<IRun> make_run(const scenario::Scenario& scenario, const RunOptions& options) {
    return std::make_unique<Simulation>(io::assemble(scenario, options));
}

}  // namespace twin::sim
