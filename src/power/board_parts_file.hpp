// SPDX-License-Identifier: Apache-2.0
// The file form of a board (models/boards/*.json) and its conversion into BoardParts. Every part is a value with
// tolerance, label and source, in the unit that its key names; one table says for each key where it goes, what range it
// may have and which end of its tolerance protects latest.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "afe/dvc1124_params.hpp"
#include "base/describe.hpp"
#include "base/rng.hpp"
#include "power/board_parts.hpp"

namespace twin::power {

/// One part as the file states it. May be written as a bare number in a variant.
struct PartValue {
    double value = 0.0;
    double tol_pct = 0.0;
    std::string label;  // manual, sheet, measured, fitted, derived, assumed
    std::string source;
};

/// A numeric key: where it goes and what it may be.
struct PartRow {
    const char* key;
    double* (*target)(BoardParts&);
    double min, max;  // in the unit of the key
    int worst;        // end of the tolerance that protects latest or stresses most: +1, -1; 0: no matter
    const char* doc;
    PartValue part{};
};

/// A key that is true or false.
struct PartFlag {
    const char* key;
    bool* (*target)(BoardParts&);
    const char* doc;
    bool value = true;
};

/// The keys below one name; "" is the file's top level.
struct PartGroup {
    const char* name;
    const char* doc;
    std::vector<PartRow> rows;
    std::vector<PartFlag> flags;
};

struct BoardPartsFile {
    BoardPartsFile();
    std::int64_t bmstwin_board = 1;
    std::string id, title;
    std::string refused;  // why no simulation may use this board yet; empty: it may
    std::int32_t strings_min = 0, strings_max = 0;
    std::string afe, mosfet;
    std::vector<PartGroup> groups;
};

/// What is wrong: the key with its group ("clamp.v_on_V"), and the value with what is allowed.
struct PartsError {
    std::string key, message;
};

/// Everything wrong with the file; empty if `build_parts` gives a usable board. A reader that reports missing keys
/// itself asks with `stated_only`, so that what is absent is said once.
std::vector<PartsError> check_parts(const BoardPartsFile& file, bool stated_only = false);

/// Changes one part, for variants of a board: "clamp" = "none" or "fitted", "balancer_fets" = "single" or
/// "back_to_back", "mosfet" = a model, or any part by its key ("input.r_filter_ohm" or, where that is unique,
/// "r_filter_ohm"; any unit of the family) = a number. Returns why it was refused, empty if it was done.
std::string set_part(BoardPartsFile& file, std::string_view name, const base::Scalar& value);

/// Names that set_part knows, for messages and listings.
std::vector<std::string> part_names(const BoardPartsFile& file);

/// The parts of one specimen. sampled: uniform within each tolerance, keyed by (seed, pack).
BoardParts build_parts(const BoardPartsFile& file, afe::Tolerance tolerance, const base::RngKey& key);

/// Unit of a key: what stands behind the last underscore, if that is a unit.
double part_to_si(const char* key, double value);

template <class V>
void describe(V& v, PartValue& s) {
    v.about("part", "A part's value with its tolerance, how sure it is and where it comes from.");
    v.number_form(s.value, "the value alone");
    v.field("value", s.value, {.doc = "in the unit of the key", .need = base::Need::required});
    v.field("tol_pct", s.tol_pct, {.doc = "tolerance", .min = 0, .max = 90});
    v.field("label", s.label,
            {.doc = "manual, sheet, measured, fitted, derived or assumed", .need = base::Need::required});
    v.field("source", s.source, {.doc = "where the value comes from", .need = base::Need::required});
}

template <class V>
void describe(V& v, PartGroup& s) {
    v.about(s.name, s.doc);
    for (PartFlag& f : s.flags) v.field(f.key, f.value, {.doc = f.doc, .need = base::Need::required});
    for (PartRow& r : s.rows) v.field(r.key, r.part, {.doc = r.doc, .need = base::Need::required});
}

template <class V>
void describe(V& v, BoardPartsFile& s) {
    v.about("board-model", "A BMS board: its parts, each with tolerance, label and source.");
    v.field("bmstwin_board", s.bmstwin_board,
            {.doc = "version of the format", .need = base::Need::required, .min = 1, .max = 1});
    v.field("id", s.id, {.doc = "product", .need = base::Need::required});
    v.field("title", s.title, {.doc = "one line", .need = base::Need::required});
    v.field("refused", s.refused, {.doc = "why this board cannot be simulated yet"});
    v.field("strings_min", s.strings_min,
            {.doc = "fewest cells in series", .need = base::Need::required, .min = 1, .max = 24});
    v.field("strings_max", s.strings_max,
            {.doc = "most cells in series", .need = base::Need::required, .min = 1, .max = 24});
    v.field("afe", s.afe, {.doc = "front end, of models/afes", .need = base::Need::required});
    v.field("mosfet", s.mosfet, {.doc = "switch MOSFET, of models/mosfets", .need = base::Need::required});
    for (PartGroup& g : s.groups) {
        if (g.name[0] != '\0')
            v.field(g.name, g, {.doc = g.doc, .need = base::Need::required});
        else
            for (PartRow& r : g.rows) v.field(r.key, r.part, {.doc = r.doc, .need = base::Need::required});
    }
    for (const PartsError& e : check_parts(s, true)) v.check(false, e.key.c_str(), e.message.c_str());
}

}  // namespace twin::power
