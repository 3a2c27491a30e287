// SPDX-License-Identifier: Apache-2.0
#include <twin/eis.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include "base/constants.hpp"

#include "study/cell_model.hpp"

namespace twin {

namespace {

using base::k_zero_degC_K;
constexpr double k_lowest_Hz = 1e-6, k_highest_Hz = 1e6;

void check_frequency(double f_Hz) {
    if (!(f_Hz >= k_lowest_Hz && f_Hz <= k_highest_Hz))
        throw RunError(fmt::format("frequency {} Hz is outside {:g} .. {:g}", f_Hz, k_lowest_Hz, k_highest_Hz), "freq");
}

std::vector<double> numbers(const std::string& text, char mark) {
    std::vector<double> v;
    std::size_t at = 0;
    for (;;) {
        const std::size_t end = std::min(text.find(mark, at), text.size());
        const std::string part = text.substr(at, end - at);
        char* stop = nullptr;
        const double x = std::strtod(part.c_str(), &stop);
        if (part.empty() || stop != part.c_str() + part.size())
            throw RunError(fmt::format("\"{}\" is no number; wanted LO:HI, LO:HI:PER_DECADE or F,F,F in Hz", part),
                           "freq");
        v.push_back(x);
        if (end == text.size()) return v;
        at = end + 1;
    }
}

/// A 1-2-5 step that divides `range` into at most `pieces`.
double nice_step(double range, double pieces) {
    const double raw = range / pieces, ten = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double m : {1.0, 2.0, 5.0}) {
        if (m * ten >= raw) return m * ten;
    }
    return 10.0 * ten;
}

/// One plot: a frame with labelled ticks, and how values come to places.
struct Frame {
    double left, top, width, height;
    double x0, x1, y0, y1;  // values at the frame's edges
    double x(double v) const { return left + (v - x0) / (x1 - x0) * width; }
    double y(double v) const { return top + height - (v - y0) / (y1 - y0) * height; }
};

void draw_frame(std::string& s, const Frame& f, const std::vector<double>& xs, const std::vector<double>& ys,
                const std::string& x_title, const std::string& y_title, bool powers) {
    auto out = std::back_inserter(s);
    fmt::format_to(out, "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#999\"/>\n", f.left,
                   f.top, f.width, f.height);
    const auto label = [&](double v, bool power) {
        return power ? fmt::format("{:g}", std::pow(10.0, v)) : fmt::format("{:.4g}", v);
    };
    for (const double v : xs)
        fmt::format_to(out,
                       "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#eee\"/><text x=\"{0:.1f}\" "
                       "y=\"{3}\" text-anchor=\"middle\">{4}</text>\n",
                       f.x(v), f.top, f.top + f.height, f.top + f.height + 14.0, label(v, powers));
    for (const double v : ys)
        fmt::format_to(out,
                       "<line x1=\"{1}\" x2=\"{2}\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" stroke=\"#eee\"/><text x=\"{3}\" "
                       "y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
                       f.y(v), f.left, f.left + f.width, f.left - 4.0, f.y(v) + 4.0, label(v, false));
    fmt::format_to(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", f.left + 0.5 * f.width,
                   f.top + f.height + 32.0, x_title);
    fmt::format_to(out, "<text x=\"{}\" y=\"{}\">{}</text>\n", f.left, f.top - 6.0, y_title);
}

std::vector<double> ticks(double lo, double hi, double step) {
    std::vector<double> v;
    const double first = std::ceil(lo / step - 1e-9);
    const int n = static_cast<int>(std::floor((hi - first * step) / step + 1e-9));
    for (int k = 0; k <= n; ++k) v.push_back((first + k) * step);
    return v;
}

void draw_line(std::string& s, const Frame& f, const std::vector<double>& x, const std::vector<double>& y) {
    auto out = std::back_inserter(s);
    s += "<path fill=\"none\" stroke=\"#06c\" d=\"";
    for (std::size_t k = 0; k < x.size(); ++k)
        fmt::format_to(out, "{}{:.1f} {:.1f}", k == 0 ? "M" : "L", f.x(x[k]), f.y(y[k]));
    s += "\"/>\n";
    for (std::size_t k = 0; k < x.size(); ++k)
        fmt::format_to(out, "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" fill=\"#06c\"/>\n", f.x(x[k]), f.y(y[k]));
}

}  // namespace

std::vector<double> eis_f_Hz(double lo_Hz, double hi_Hz, int per_decade) {
    check_frequency(lo_Hz);
    check_frequency(hi_Hz);
    if (!(lo_Hz <= hi_Hz)) throw RunError(fmt::format("{} Hz .. {} Hz runs backwards", lo_Hz, hi_Hz), "freq");
    if (per_decade < 1 || per_decade > 1000)
        throw RunError(fmt::format("{} points per decade are outside 1 .. 1000", per_decade), "freq");
    const double decades = std::log10(hi_Hz / lo_Hz);
    const int n = std::max(1, static_cast<int>(std::ceil(decades * per_decade - 1e-9)));
    std::vector<double> f{lo_Hz};
    if (hi_Hz == lo_Hz) return f;
    for (int k = 1; k < n; ++k) f.push_back(lo_Hz * std::pow(10.0, decades * k / n));
    f.push_back(hi_Hz);
    return f;
}

std::vector<double> parse_eis_f_Hz(const std::string& text) {
    if (text.find(':') == std::string::npos) {
        const std::vector<double> f = numbers(text, ',');
        for (const double x : f) check_frequency(x);
        return f;
    }
    const std::vector<double> part = numbers(text, ':');
    if (part.size() > 3) throw RunError(fmt::format("\"{}\": wanted LO:HI or LO:HI:PER_DECADE", text), "freq");
    const double per = part.size() == 3 ? part[2] : 10.0;
    if (!(per >= 1.0 && per <= 1000.0))
        throw RunError(fmt::format("{} points per decade are outside 1 .. 1000", per), "freq");
    return eis_f_Hz(part[0], part[1], static_cast<int>(per));
}

EisResult eis(const EisOptions& options) {
    if (!(options.soc >= 0.0 && options.soc <= 1.0))
        throw RunError(fmt::format("soc {} is outside 0 .. 1", options.soc), "soc");
    if (!(options.temp_degC >= -60.0 && options.temp_degC <= 120.0))
        throw RunError(fmt::format("{} degC is outside -60 .. 120", options.temp_degC), "temp_degC");
    EisResult r;
    r.f_Hz = options.f_Hz.empty() ? eis_f_Hz(1e-3, 1e3) : options.f_Hz;
    for (const double f : r.f_Hz) check_frequency(f);
    const auto model = study::open_cell(options.model, options.kind, false, options.degradation);
    if (options.sei_nm) {
        if (!(*options.sei_nm >= 0.0 && *options.sei_nm <= 1e5))
            throw RunError(fmt::format("SEI of {} nm is outside 0 .. 1e5", *options.sei_nm), "sei_nm");
        if (!model->set_sei(1e-9 * *options.sei_nm))
            throw RunError("an SEI thickness is of an electrochemical cell with degradation", "sei_nm");
    }
    r.model = model->id;
    r.kind = model->kind;
    r.soc = options.soc;
    r.temp_degC = options.temp_degC;
    r.z_Ohm = model->impedance_Ohm(options.soc, options.temp_degC + k_zero_degC_K, r.f_Hz);
    return r;
}

std::string eis_svg(const EisResult& r) {
    std::vector<double> re, im, lg, mag;
    for (std::size_t k = 0; k < r.z_Ohm.size(); ++k) {
        re.push_back(1e3 * r.z_Ohm[k].real());
        im.push_back(-1e3 * r.z_Ohm[k].imag());
        lg.push_back(std::log10(r.f_Hz[k]));
        mag.push_back(1e3 * std::abs(r.z_Ohm[k]));
    }
    const auto [re_lo, re_hi] = std::minmax_element(re.begin(), re.end());
    const auto [im_lo, im_hi] = std::minmax_element(im.begin(), im.end());
    const auto [lg_lo, lg_hi] = std::minmax_element(lg.begin(), lg.end());
    const double span = 1.1 * std::max({*re_hi - *re_lo, *im_hi - std::min(0.0, *im_lo), 1e-6});
    const double re_mid = 0.5 * (*re_lo + *re_hi), base = std::min(0.0, *im_lo);
    const Frame nyquist{
        60.0, 40.0, 360.0, 360.0, re_mid - 0.5 * span, re_mid + 0.5 * span, base - 0.05 * span, base + 0.95 * span};
    const double top = 1.1 * *std::max_element(mag.begin(), mag.end());
    const Frame bode{510.0, 40.0, 360.0, 360.0, *lg_lo - 0.1, *lg_hi + 0.1, 0.0, top};
    std::string s = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 450\" font-family=\"sans-serif\" "
        "font-size=\"11\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"60\" y=\"16\">{} as {}, {:g} % at {:g} "
        "degC</text>\n",
        r.model, r.kind, 100.0 * r.soc, r.temp_degC);
    const double step = nice_step(span, 6.0);
    draw_frame(s, nyquist, ticks(nyquist.x0, nyquist.x1, step), ticks(nyquist.y0, nyquist.y1, step), "Re Z / mOhm",
               "-Im Z / mOhm", false);
    draw_line(s, nyquist, re, im);
    draw_frame(s, bode, ticks(bode.x0, bode.x1, 1.0), ticks(0.0, top, nice_step(top, 6.0)), "frequency / Hz",
               "|Z| / mOhm", true);
    draw_line(s, bode, lg, mag);
    return s + "</svg>\n";
}

}  // namespace twin
