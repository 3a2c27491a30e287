// SPDX-License-Identifier: Apache-2.0
// How a room describes its parameter structs, once, without knowing JSON. For each struct S write, in S's namespace,
//
//   template <class V> void describe(V& v, S& s) {
//       v.about("busbar", "A joint between two cells.");
//       v.field("count", s.count, {.doc = "joints in series", .min = 1, .max = 24});
//       v.quantity("r_mohm", s.r_Ohm, {.doc = "resistance", .need = Need::required, .min = 0, .max = 1e6});
//   }
//
// The default of an optional key is what the member holds in a value-initialised S. Visitors (in `io`) read, print,
// write the schema and the reference page from the same call. A visitor V has these members (Spec may be omitted):
//
//   about(name, doc)                       type name for the schema, one sentence
//   field(key, ref, Spec)                  bool, int, int64, uint64, double (stored in the unit the key says),
//   std::string,
//                                          a described struct, std::optional<T>, std::vector<T>, std::array<T, N>,
//                                          Scalar
//   quantity(key, ref, Spec)               double or std::optional<double>, stored in SI (ohm, H, F, s, K, ...; degC ->
//   K, pct -> 1);
//                                          the key may be written with any unit of the same family; min/max in the unit
//                                          of `key`
//   time(stem, ref, Spec)                  Time_ns or std::optional<Time_ns>; written as stem_s | stem_ms | stem_us,
//   exactly one; min/max in s choice(key, enum ref, names, Spec)     names[i] stands for the enumerator with value i
//   (span of const char*) list_or_one(key, std::vector<T>&, Spec) an object, or a list of objects rate(key, Time_ns&
//   period, Spec)       the inverse of a period that `time` already described; key in Hz one_or_named(one, many,
//   std::vector<T>&, Spec)  key `one` with one object, or key `many` with a list map(key, std::vector<Named<T>>&,
//   pattern, Spec) an object whose keys match `pattern` (match_key) nullable(key, int& ref, int null_value, Spec)   an
//   integer, or null for null_value tagged(key, std::variant<...>&, Spec)  the text under `key` chooses the alternative
//   (A::k_tag, A::k_doc); its keys stand in the same object by_key(std::variant<...>&)             the one present key
//   A::k_key chooses the alternative; its keys stand in the same object text_form(std::string&, doc),
//   number_form(double&, doc)   the whole struct may be written as a bare string / number refused(key, why) a key of
//   the language that this version refuses by name ignored(key, doc)                      a key that is allowed and
//   means nothing here exactly_one({keys}), at_most_one({keys}) check(ok, key, message)                relation between
//   members; called after the fields it talks about
//
// Vectors may have vectors as elements (tables: outer index first). No visitor keeps references after `describe`
// returned.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "base/units.hpp"

namespace twin::base {

enum class Need : std::uint8_t { optional, required };

struct Spec {
    const char* doc = "";
    Need need = Need::optional;
    double min = -std::numeric_limits<double>::infinity();  // inclusive, in the unit of the key
    double max = std::numeric_limits<double>::infinity();
    bool above_min = false;      // min itself is excluded
    const char* unit = nullptr;  // nullptr: the suffix of the key
    std::size_t min_items = 0;   // of a list or map
    std::size_t max_items = 100000;
};

/// One entry of a map with checked keys, in file order.
template <class T>
struct Named {
    std::string key;
    T value{};
};

/// A value whose type the receiver decides: number, text or boolean.
struct Scalar {
    enum class Kind : std::uint8_t { none, number, text, boolean };
    Kind kind = Kind::none;
    double number = 0.0;  // 0 or 1 for a boolean
    std::string text;
    bool operator==(const Scalar&) const = default;
};

/// Index of a key under a pattern: alternatives separated by '|', "<n>" stands for a decimal number (0 .. 9999),
/// "<name>" for any non-empty text. "W<n>|B+" matches "W12" (12) and "B+" (-1, no number in it). Nothing: no
/// alternative matches.
std::optional<int> match_key(std::string_view pattern, std::string_view key);

/// The candidate nearest to `word` (edit distance, at most half its length + 1), empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace twin::base
