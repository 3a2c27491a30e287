// SPDX-License-Identifier: Apache-2.0
#include "io/json_printer.hpp"

#include <fmt/format.h>
#include <charconv>

namespace twin::io {

double JsonPrinter::tidy(double x) {
    const std::string text = fmt::format("{:.15g}", x);
    double y = x;
    std::from_chars(text.data(), text.data() + text.size(), y);
    return y;
}

const Json* JsonPrinter::in_unit(const char* key) const {
    if (source_ == nullptr) return nullptr;
    const std::vector<const JsonMember*> found = detail::in_any_unit(*source_, key);
    return found.empty() ? nullptr : &found[0]->value;
}

const Json* JsonPrinter::in_time(const char* stem) const {
    if (source_ == nullptr) return nullptr;
    const std::vector<const JsonMember*> found = detail::in_any_time(*source_, stem);
    return found.empty() ? nullptr : &found[0]->value;
}

Json JsonPrinter::leaf(Json v, const Json* source) const {
    if (!origins_) return v;
    const char* origin = "default";
    if (source != nullptr && source->origin == Origin::set)
        origin = "--set";
    else if (source != nullptr)
        origin = "file";
    Json o = Json::object();
    o.put("value", std::move(v));
    o.put("origin", Json::of(std::string(origin)));
    return o;
}

bool JsonPrinter::skip(const Json& v) { return v.kind == Json::Kind::null; }  // an optional member without a value

Json JsonPrinter::value(base::Scalar& x, const Json* s) {
    using K = base::Scalar::Kind;
    switch (x.kind) {
        case K::number:
            return leaf(Json::of(x.number), s);
        case K::boolean:
            return leaf(Json::of_bool(x.number != 0.0), s);
        case K::text:
            return leaf(Json::of(x.text), s);
        case K::none:
            break;
    }
    return Json{};
}

Json JsonPrinter::take() {
    const bool was_short = whole_ == nullptr || !whole_->is_object();
    if (was_short && has_number_ && short_text_.empty()) return leaf(Json::of(short_number_), whole_);
    if (was_short && !short_text_.empty() && whole_ != nullptr) return leaf(Json::of(short_text_), whole_);
    return std::move(out_);
}

}  // namespace twin::io
