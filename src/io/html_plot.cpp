// SPDX-License-Identifier: Apache-2.0
#include "io/html_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

#include "io/plot_axis.hpp"
#include "io/text.hpp"

namespace twin::io {
namespace {

// Drawing area of an SVG in its own units; a plot is shown about one to one on a desk and at 3/4 on a phone.
constexpr double k_width = 500, k_left = 54, k_right = 12, k_top = 20, k_plot_height = 170, k_bottom = 30;
constexpr double k_lane_height = 32, k_lane_signal = 14;
constexpr std::size_t k_columns = 440;  // points are thinned to the extremes of each column of the drawing
constexpr std::size_t k_colours = 8;

// Units as people write them; channels of "pct" and "%" share a plot.
std::string unit_of(const sim::TraceColumn& c) {
    if (c.unit == "pct") return "%";
    if (c.unit == "degC") return "°C";
    if (c.unit == "mohm" || c.unit == "mOhm") return "mΩ";
    return c.unit;
}

struct Range {
    double lo = std::numeric_limits<double>::infinity();
    double hi = -std::numeric_limits<double>::infinity();
    void add(double x) {
        if (!std::isfinite(x)) return;
        lo = x < lo ? x : lo;
        hi = x > hi ? x : hi;
    }
    bool empty() const { return !(hi >= lo); }
    double size() const { return std::fabs(lo) > std::fabs(hi) ? std::fabs(lo) : std::fabs(hi); }
};

struct Series {
    const sim::TraceColumn* column;
    Range range;
};

struct Bound {
    double value;
    std::string label;
};

struct Group {
    std::vector<Series> series;
    Range range;
};

Range range_of(const sim::TraceColumn& c) {
    Range r;
    for (const double x : c.samples) r.add(x);
    return r;
}

class Canvas {
public:
    Canvas(const sim::Trace& trace, double height)
        : trace_(trace),
          axis_(time_axis(trace.t_ns.front(), trace.t_ns.back(), trace.t_trigger_ns >= 0 ? trace.t_trigger_ns : 0)),
          height_(height),
          t0_(axis_.at(trace.t_ns.front())),
          t1_(axis_.at(trace.t_ns.back())) {
        if (!(t1_ > t0_)) t1_ = t0_ + 1;
    }
    double x(double t) const { return k_left + (t - t0_) / (t1_ - t0_) * (k_width - k_left - k_right); }
    double x_at(std::size_t row) const { return x(axis_.at(trace_.t_ns[row])); }
    double height() const { return height_; }

    // What the page's script needs to turn a place in the drawing into time and value.
    std::string figure(double y0, double lo, double per_unit) const {
        return fmt::format("<figure data-y=\"{} {} {}\" data-t=\"{} {} {} {} {}\">", y0, lo, per_unit, k_left,
                           k_width - k_right, t0_, t1_, axis_.name);
    }
    std::string open(const std::string& label) const {
        return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", k_width,
                           k_top + height_ + k_bottom, xml_escape(label));
    }
    std::string time_grid() const {
        std::string out;
        const std::vector<double> ticks = round_ticks(t0_, t1_, 8);
        const double distance = ticks.size() > 1 ? ticks[1] - ticks[0] : t1_ - t0_;
        for (const double t : ticks) {
            out += fmt::format(
                "<path class=\"grid\" d=\"M{0:.1f} {1}V{2}\"/><text class=\"tick\" x=\"{0:.1f}\" y=\"{3}\" "
                "text-anchor=\"middle\">{4}</text>",
                x(t), k_top, k_top + height_, k_top + height_ + 14, tick_label(t, distance));
        }
        const char* since = trace_.t_trigger_ns >= 0 ? " since trigger" : "";
        return out + fmt::format("<text class=\"tick axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}{}</text>",
                                 k_width - k_right, k_top + height_ + 27, axis_.name, since);
    }
    std::string marks(const std::vector<PlotMark>& marks) const {
        std::string out;
        double free_from = -1;
        for (const PlotMark& m : marks) {
            if (m.t_ns < trace_.t_ns.front() || m.t_ns > trace_.t_ns.back()) continue;
            const double at = x(axis_.at(m.t_ns));
            out += fmt::format("<path class=\"mark\" d=\"M{:.1f} {}V{}\"/>", at, k_top, k_top + height_);
            if (at < free_from) continue;
            out += fmt::format("<text class=\"marktext\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", at,
                               k_top - 2, m.number);
            free_from = at + (m.number > 9 ? 15 : 9);
        }
        return out;
    }

private:
    const sim::Trace& trace_;
    TimeAxis axis_;
    double height_, t0_, t1_;
};

// Path of one channel: per column of the drawing the first, least, greatest and last point, in their order.
std::string path_of(const Canvas& canvas, const sim::Trace& trace, const sim::TraceColumn& column, double y0,
                    double y_scale, double lo, bool steps) {
    std::string d;
    auto to = std::back_inserter(d);
    const std::size_t n = trace.t_ns.size();
    bool pen_down = false;
    double last_y = 0;
    const auto point = [&](std::size_t row) {
        const double value = column.samples[row];
        if (!std::isfinite(value)) {
            pen_down = false;
            return;
        }
        const double px = canvas.x_at(row);
        const double py = y0 - (value - lo) * y_scale;
        if (pen_down && steps)
            fmt::format_to(to, "H{:.1f}V{:.1f}", px, py);
        else
            fmt::format_to(to, "{}{:.1f} {:.1f}", pen_down ? 'L' : 'M', px, py);
        pen_down = true;
        last_y = py;
    };
    const double column_width = (k_width - k_left - k_right) / static_cast<double>(k_columns);
    std::size_t row = 0;
    while (row < n) {
        const double until = canvas.x_at(row) + column_width;
        std::size_t end = row + 1, least = row, most = row;
        for (; end < n && canvas.x_at(end) < until; ++end) {
            if (column.samples[end] < column.samples[least]) least = end;
            if (column.samples[end] > column.samples[most]) most = end;
        }
        std::size_t picks[4] = {row, least < most ? least : most, least < most ? most : least, end - 1};
        for (std::size_t k = 0; k < 4; ++k)
            if (k == 0 || picks[k] > picks[k - 1]) point(picks[k]);
        row = end;
    }
    return d;
}

// "truth.cell.v_max_V <= 3.65" for channel "truth.cell.v_max_V" gives 3.65.
std::optional<double> bound_in(const std::string& text, const std::string& channel) {
    std::size_t at = text.find(channel);
    if (at == std::string::npos) return std::nullopt;
    at += channel.size();
    while (at < text.size() && text[at] == ' ') ++at;
    if (at >= text.size() || (text[at] != '<' && text[at] != '>')) return std::nullopt;
    while (at < text.size() && (text[at] == '<' || text[at] == '>' || text[at] == '=' || text[at] == ' ')) ++at;
    double x = 0;
    const std::from_chars_result read = std::from_chars(text.data() + at, text.data() + text.size(), x);
    if (read.ec != std::errc() || !std::isfinite(x)) return std::nullopt;
    return x;
}

std::vector<Bound> bounds_of(const Group& group, const std::vector<sim::CheckResult>& checks) {
    std::vector<Bound> bounds;
    for (const sim::CheckResult& check : checks)
        for (const Series& s : group.series) {
            const std::optional<double> b = bound_in(check.text, s.column->name);
            if (!b) continue;
            // A bound far outside would flatten the curves; it is in the table of margins anyway.
            const double span = group.range.hi - group.range.lo;
            const double room = span > 0 ? 3 * span : 1 + group.range.size();
            if (*b < group.range.lo - room || *b > group.range.hi + room) continue;
            bounds.push_back({*b, check.id});
        }
    return bounds;
}

std::string legend(const Group& group) {
    std::string out = "<figcaption>";
    std::size_t k = 0;
    for (const Series& s : group.series) {
        const std::size_t colour = k++ % k_colours;
        out += fmt::format("<span class=\"key\"><i class=\"s{}\"></i>{}</span>", colour, xml_escape(s.column->name));
    }
    return out + "</figcaption>";
}

std::string analog_plot(const sim::Trace& trace, const Group& group, const std::vector<PlotMark>& marks,
                        const std::vector<sim::CheckResult>& checks) {
    const Canvas canvas(trace, k_plot_height);
    const std::vector<Bound> bounds = bounds_of(group, checks);
    Range range = group.range;
    for (const Bound& b : bounds) range.add(b.value);
    const double pad = range.hi > range.lo ? 0.06 * (range.hi - range.lo) : 0.05 * range.size() + 1e-9;
    const double lo = range.lo - pad;
    const double scale = k_plot_height / (range.hi + pad - lo);
    const double y0 = k_top + k_plot_height;
    const std::string unit = unit_of(*group.series.front().column);
    std::string out =
        canvas.figure(y0, lo, 1 / scale) + canvas.open(group.series.front().column->name) + canvas.time_grid();
    const std::vector<double> ticks = round_ticks(lo, range.hi + pad, 6);
    const double distance = ticks.size() > 1 ? ticks[1] - ticks[0] : 1;
    for (const double v : ticks) {
        out += fmt::format(
            "<path class=\"grid\" d=\"M{0} {1:.1f}H{2}\"/><text class=\"tick\" x=\"{3}\" y=\"{4:.1f}\" "
            "text-anchor=\"end\">{5}</text>",
            k_left, y0 - (v - lo) * scale, k_width - k_right, k_left - 4, y0 - (v - lo) * scale + 4,
            tick_label(v, distance));
    }
    out += fmt::format("<text class=\"unit\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", k_left - 4, k_top - 8,
                       xml_escape(unit));
    for (const Bound& b : bounds) {
        const double y = y0 - (b.value - lo) * scale;
        out += fmt::format(
            "<path class=\"bound\" d=\"M{0} {1:.1f}H{2}\"/><text class=\"boundtext\" x=\"{2}\" y=\"{3:.1f}\" "
            "text-anchor=\"end\">{4}</text>",
            k_left, y, k_width - k_right, y - 3, xml_escape(b.label));
    }
    out += canvas.marks(marks);
    std::size_t k = 0;
    for (const Series& s : group.series) {
        out += fmt::format("<path class=\"line l{}\" d=\"{}\"><title>{}</title></path>", k++ % k_colours,
                           path_of(canvas, trace, *s.column, y0, scale, lo, s.column->discrete),
                           xml_escape(s.column->name));
    }
    return out + "</svg>" + legend(group) + "</figure>\n";
}

std::string lanes_plot(const sim::Trace& trace, const std::vector<Series>& lanes, const std::vector<PlotMark>& marks) {
    const Canvas canvas(trace, k_lane_height * static_cast<double>(lanes.size()));
    std::string out = "<figure>" + canvas.open("discrete channels") + canvas.time_grid() + canvas.marks(marks);
    double top = k_top;
    for (const Series& s : lanes) {
        const double scale = k_lane_signal / (s.range.hi - s.range.lo);
        out += fmt::format("<text class=\"lane\" x=\"{}\" y=\"{:.1f}\">{}</text>", k_left + 2, top + 12,
                           xml_escape(s.column->name));
        out += fmt::format("<text class=\"tick\" x=\"{0}\" y=\"{1:.1f}\" text-anchor=\"end\">{2}</text>", k_left - 4,
                           top + k_lane_height - 4, number_short(s.range.lo) + ".." + number_short(s.range.hi));
        out += fmt::format("<path class=\"line l0\" d=\"{}\"><title>{}</title></path>",
                           path_of(canvas, trace, *s.column, top + k_lane_height - 2, scale, s.range.lo, true),
                           xml_escape(s.column->name));
        top += k_lane_height;
    }
    return out + "</svg></figure>\n";
}

// Series of one unit, greatest first, in one plot as long as they are of one order of magnitude.
std::vector<Group> group_series(std::vector<Series> series) {
    std::stable_sort(series.begin(), series.end(),
                     [](const Series& a, const Series& b) { return a.range.size() > b.range.size(); });
    std::vector<Group> groups;
    for (const Series& s : series) {
        Group* home = nullptr;
        for (Group& g : groups) {
            const bool same_unit = unit_of(*g.series.front().column) == unit_of(*s.column);
            if (same_unit && s.range.size() * 6 >= g.series.front().range.size()) home = &g;
        }
        if (home == nullptr) {
            groups.emplace_back();
            home = &groups.back();
        }
        home->series.push_back(s);
        home->range.add(s.range.lo);
        home->range.add(s.range.hi);
    }
    return groups;
}

}  // namespace

std::string trace_plots(const sim::Trace& trace, const std::vector<PlotMark>& marks,
                        const std::vector<sim::CheckResult>& checks) {
    if (trace.t_ns.size() < 2) return "";
    std::vector<Series> analog, lanes;
    std::string constant;
    for (const sim::TraceColumn& c : trace.columns) {
        const Range r = range_of(c);
        if (r.empty()) continue;
        if (r.hi > r.lo) {
            (c.discrete ? lanes : analog).push_back({&c, r});
        } else {
            constant += fmt::format("{}<code>{}</code> = {}", constant.empty() ? "" : ", ", xml_escape(c.name),
                                    xml_escape(quantity(r.lo, c.unit)));
        }
    }
    std::string out = "<div class=\"plots\">\n";
    std::vector<Group> groups = group_series(analog);
    for (Group& g : groups)
        std::sort(g.series.begin(), g.series.end(),
                  [](const Series& a, const Series& b) { return a.column < b.column; });
    std::stable_sort(groups.begin(), groups.end(),
                     [](const Group& a, const Group& b) { return a.series[0].column < b.series[0].column; });
    for (const Group& g : groups) out += analog_plot(trace, g, marks, checks);
    if (!lanes.empty()) out += lanes_plot(trace, lanes, marks);
    out += "</div>\n";
    if (!constant.empty()) out += "<p class=\"quiet\">Constant: " + constant + "</p>\n";
    return out;
}

}  // namespace twin::io
