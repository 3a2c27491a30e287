// SPDX-License-Identifier: Apache-2.0
#include "io/json.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/describe.hpp"

namespace twin::io {

namespace {

using Plain = nlohmann::json;

/// Iterator that lets the handler see how much the lexer has consumed.
struct CountingIterator {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;
    const char* at = nullptr;
    const char** seen = nullptr;
    reference operator*() const {
        *seen = at;
        return *at;
    }
    CountingIterator& operator++() {
        ++at;
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator old = *this;
        ++at;
        return old;
    }
    bool operator==(const CountingIterator& o) const { return at == o.at; }
    bool operator!=(const CountingIterator& o) const { return at != o.at; }
};

class Builder {
public:
    Builder(std::string_view text, const JsonLimits& limits, Json* out) : text_(text), limits_(limits), out_(out) {}
    const char* seen = nullptr;
    std::string error;

    bool null() { return value(Json{}); }
    bool boolean(bool b) { return value(Json::of_bool(b)); }
    bool number_integer(std::int64_t x) { return value(Json::of(x), true); }
    bool number_unsigned(std::uint64_t x) {
        if (x <= static_cast<std::uint64_t>(INT64_MAX)) return value(Json::of(static_cast<std::int64_t>(x)), true);
        return value(Json::of(static_cast<double>(x)), true);
    }
    bool number_float(double x, const std::string&) { return value(Json::of(x), true); }
    bool string(std::string& s) { return value(Json::of(std::move(s))); }
    bool binary(std::vector<std::uint8_t>&) { return fail("binary values are not JSON"); }
    bool start_object(std::size_t) { return open(Json::object()); }
    bool start_array(std::size_t) { return open(Json::array()); }
    bool key(std::string& k) {
        keys_.push_back(std::move(k));
        return true;
    }
    bool end_object() {
        Json* o = stack_.back();
        std::vector<std::string_view> names;
        names.reserve(o->members.size());
        for (const JsonMember& m : o->members) names.emplace_back(m.key);
        std::sort(names.begin(), names.end());
        const auto twice = std::adjacent_find(names.begin(), names.end());
        if (twice != names.end()) return fail(fmt::format("duplicate key \"{}\"", twice->substr(0, 80)));
        stack_.pop_back();
        return true;
    }
    bool end_array() {
        stack_.pop_back();
        return true;
    }
    bool parse_error(std::size_t, const std::string& token, const nlohmann::detail::exception& e) {
        std::string what = e.what();
        const std::size_t at = what.find("syntax error");
        if (at != std::string::npos) what = what.substr(at);
        if (what.size() > 300) what = what.substr(0, 300) + "...";
        (void)token;
        return fail("not valid JSON: " + what);
    }
    std::uint32_t line(bool one_ahead = false) {
        const char* end = seen == nullptr ? text_.data() : seen - (one_ahead && seen > text_.data() ? 1 : 0);
        for (; scanned_ < end; ++scanned_) line_ += *scanned_ == '\n' ? 1U : 0U;
        return line_;
    }

private:
    bool fail(std::string why) {
        if (error.empty()) error = std::move(why);
        return false;
    }
    Json* place(Json v) {
        if (stack_.empty()) {
            *out_ = std::move(v);
            return out_;
        }
        Json* top = stack_.back();
        if (top->is_array()) {
            top->items.push_back(std::move(v));
            return &top->items.back();
        }
        top->members.push_back({std::move(keys_.back()), std::move(v)});
        keys_.pop_back();
        return &top->members.back().value;
    }
    bool value(Json v, bool one_ahead = false) {
        if (++count_ > limits_.max_values) return fail(fmt::format("more than {} values", limits_.max_values));
        v.line = line(one_ahead);
        place(std::move(v));
        return true;
    }
    bool open(Json v) {
        if (stack_.size() >= limits_.max_depth)
            return fail(fmt::format("nested deeper than {} levels", limits_.max_depth));
        if (++count_ > limits_.max_values) return fail(fmt::format("more than {} values", limits_.max_values));
        v.line = line();
        stack_.push_back(place(std::move(v)));  // stays valid: a parent is not touched while its child is open
        return true;
    }

    std::string_view text_;
    const JsonLimits& limits_;
    Json* out_;
    std::vector<Json*> stack_;
    std::vector<std::string> keys_;
    std::size_t count_ = 0;
    const char* scanned_ = text_.data();
    std::uint32_t line_ = 1;
};

void print(const Json& j, int indent, std::string& out);

bool is_flat(const Json& j) {
    for (const Json& i : j.items)
        if (i.is_object() || (i.is_array() && !(is_flat(i) && i.items.size() <= 4))) return false;
    return true;
}

void print_scalar(const Json& j, std::string& out) {
    switch (j.kind) {
        case Json::Kind::boolean:
            out += j.boolean ? "true" : "false";
            return;
        case Json::Kind::integer:
            out += fmt::format("{}", j.integer);
            return;
        case Json::Kind::number:
            out += Plain(j.number).dump();
            return;
        case Json::Kind::string:
            out += Plain(j.text).dump(-1, ' ', false, Plain::error_handler_t::replace);
            return;
        default:
            out += "null";
            return;
    }
}

void print_list(const Json& j, int indent, std::string& out) {
    const bool flat = is_flat(j);
    out += '[';
    for (std::size_t k = 0; k < j.items.size(); ++k) {
        if (k > 0) out += flat ? ", " : ",";
        if (!flat) out += '\n' + std::string(static_cast<std::size_t>(indent) + 2, ' ');
        print(j.items[k], indent + 2, out);
    }
    if (!flat) out += '\n' + std::string(static_cast<std::size_t>(indent), ' ');
    out += ']';
}

void print(const Json& j, int indent, std::string& out) {
    if (j.is_array()) return print_list(j, indent, out);
    if (!j.is_object()) return print_scalar(j, out);
    if (j.members.empty()) {
        out += "{}";
        return;
    }
    out += '{';
    for (std::size_t k = 0; k < j.members.size(); ++k) {
        out += (k > 0 ? ",\n" : "\n") + std::string(static_cast<std::size_t>(indent) + 2, ' ');
        print_scalar(Json::of(j.members[k].key), out);
        out += ": ";
        print(j.members[k].value, indent + 2, out);
    }
    out += '\n' + std::string(static_cast<std::size_t>(indent), ' ') + '}';
}

}  // namespace

const Json* Json::find(std::string_view key) const {
    for (const JsonMember& m : members)
        if (m.key == key) return &m.value;
    return nullptr;
}
Json* Json::find(std::string_view key) { return const_cast<Json*>(static_cast<const Json*>(this)->find(key)); }
Json& Json::put(std::string_view key, Json value) {
    if (Json* old = find(key)) return *old = std::move(value);
    members.push_back({std::string(key), std::move(value)});
    return members.back().value;
}
Json Json::of(double x) {
    Json j;
    j.kind = Kind::number;
    j.number = x;
    return j;
}
Json Json::of(std::int64_t x) {
    Json j;
    j.kind = Kind::integer;
    j.integer = x;
    j.number = static_cast<double>(x);
    return j;
}
Json Json::of_bool(bool b) {
    Json j;
    j.kind = Kind::boolean;
    j.boolean = b;
    return j;
}
Json Json::of(std::string s) {
    Json j;
    j.kind = Kind::string;
    j.text = std::move(s);
    return j;
}
Json Json::object() {
    Json j;
    j.kind = Kind::object;
    return j;
}
Json Json::array() {
    Json j;
    j.kind = Kind::array;
    return j;
}

bool parse_json(std::string_view text, const JsonLimits& limits, Json* out, Diagnostic* error) {
    *out = Json{};
    if (text.size() > limits.max_bytes) {
        error->message = fmt::format("file has {} bytes; at most {} are read", text.size(), limits.max_bytes);
        return false;
    }
    Builder b(text, limits, out);
    const char* const begin = text.data();
    const CountingIterator first{begin, &b.seen};
    const CountingIterator last{begin + text.size(), &b.seen};
    const bool ok = Plain::sax_parse(first, last, &b) && b.error.empty();
    if (ok) return true;
    *out = Json{};
    error->message = b.error.empty() ? "not valid JSON" : b.error;
    error->line = static_cast<int>(b.line());
    return false;
}

bool read_json(const std::string& file, const JsonLimits& limits, Json* out, Diagnostic* error) {
    *out = Json{};
    error->file = file;
    std::error_code ec;
    if (std::filesystem::is_directory(file, ec)) {
        error->message = "is a folder, not a file";
        return false;
    }
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        error->message = "cannot be opened";
        return false;
    }
    std::string text;  // in pieces, up to one byte more than allowed: a pipe or growing file is refused too
    for (std::size_t piece = 1U << 16; in && text.size() <= limits.max_bytes; piece *= 2) {
        const std::size_t have = text.size(), room = limits.max_bytes + 1 - have;
        text.resize(have + (piece < room ? piece : room));
        in.read(text.data() + have, static_cast<std::streamsize>(text.size() - have));
        text.resize(have + static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) {
        error->message = "cannot be read";
        return false;
    }
    if (text.size() > limits.max_bytes) {
        error->message = fmt::format("is larger than {} bytes, the most that is read", limits.max_bytes);
        return false;
    }
    return parse_json(text, limits, out, error);
}

std::string print_json(const Json& j) {
    std::string out;
    print(j, 0, out);
    out += '\n';
    return out;
}

std::string brief(const Json& j) {
    if (j.is_object()) return j.members.empty() ? "{}" : "an object";
    if (j.is_array()) return fmt::format("a list of {}", j.items.size());
    std::string out;
    print_scalar(j, out);
    if (out.size() > 80) out = out.substr(0, 77) + "...";
    return out;
}

const char* kind_text(const Json& j) {
    switch (j.kind) {
        case Json::Kind::null:
            return "null";
        case Json::Kind::boolean:
            return "true or false";
        case Json::Kind::integer:
            return "an integer";
        case Json::Kind::number:
            return "a number";
        case Json::Kind::string:
            return "a string";
        case Json::Kind::array:
            return "a list";
        case Json::Kind::object:
            return "an object";
    }
    return "";
}

std::string pointer_join(const std::string& pointer, std::string_view token) {
    std::string out = pointer + '/';
    for (const char c : token) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

namespace {

bool next_token(std::string_view& rest, std::string& token) {
    if (rest.empty() || rest[0] != '/') return false;
    rest.remove_prefix(1);
    const std::size_t end = rest.find('/');
    std::string_view raw = rest.substr(0, end);
    rest.remove_prefix(raw.size());
    token.clear();
    for (std::size_t k = 0; k < raw.size(); ++k) {
        if (raw[k] == '~' && k + 1 < raw.size()) {
            ++k;
            token += raw[k] == '1' ? '/' : '~';
        } else {
            token += raw[k];
        }
    }
    return true;
}

Json* element(Json& list, const std::string& token, std::string& error) {
    std::string ids;
    for (Json& e : list.items) {
        const Json* id = e.find("id");
        if (id == nullptr || !id->is_string()) continue;
        if (id->text == token) return &e;
        ids += (ids.empty() ? "" : ", ") + id->text;
    }
    const std::optional<int> index = base::match_key("<n>", token);
    if (index && static_cast<std::size_t>(*index) < list.items.size())
        return &list.items[static_cast<std::size_t>(*index)];
    error = fmt::format("no element \"{}\"; ids: {}; indices: 0 .. {}", token, ids.empty() ? "none" : ids,
                        list.items.empty() ? std::string("none") : std::to_string(list.items.size() - 1));
    return nullptr;
}

void drop_other_units(Json& object, const std::string& key) {
    std::erase_if(object.members, [&](const JsonMember& m) { return m.key != key && base::same_quantity(m.key, key); });
}

void mark_set(Json& j) {
    j.origin = Origin::set;
    for (Json& i : j.items) mark_set(i);
    for (JsonMember& m : j.members) mark_set(m.value);
}

}  // namespace

std::string set_pointer(Json& root, std::string_view pointer, Json value) {
    if (pointer.empty() || pointer[0] != '/') return "a pointer starts with '/', e.g. /events/short/r_mohm";
    mark_set(value);
    Json* at = &root;
    std::string token;
    std::string error;
    while (next_token(pointer, token)) {
        if (at->is_array()) {
            at = element(*at, token, error);
            if (at == nullptr) return error;
        } else if (at->is_object()) {
            drop_other_units(*at, token);
            Json* next = at->find(token);
            if (next == nullptr) {
                Json fresh = Json::object();
                fresh.origin = Origin::set;
                next = &at->put(token, std::move(fresh));
            }
            at = next;
        } else {
            return fmt::format("\"{}\" is looked for inside {}", token, kind_text(*at));
        }
    }
    *at = std::move(value);
    return {};
}

Json value_of_word(std::string_view text) {
    Json j;
    Diagnostic ignored;
    if (parse_json(text, {.max_bytes = 1U << 20, .max_values = 10000, .max_depth = 32}, &j, &ignored)) return j;
    return Json::of(std::string(text));
}

}  // namespace twin::io
