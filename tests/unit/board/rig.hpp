// The smallest plant that a board can live in: quantities that move linearly, and the loop of phases A..H over n
// boards.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/time.hpp"
#include "board/board.hpp"
#include "test_core.hpp"

namespace rig {

using namespace twin;
using base::Time_ns;
using board::Board;
using board::BoardConfig;
using board::PlantView;

extern long allocations;  // calls of operator new in this program

inline const bms_core& core() {
    static const bms_core c = test_core::table();
    return c;
}

inline BoardConfig config(const char* id = "pack") {
    BoardConfig c;
    c.pack_id = id;
    c.parts.product = "R24TK1A-17S-100A";
    c.n_cells = 16;
    c.core = &core();
    c.rng = {7, base::name_key(id, 4)};
    return c;
}

/// What the plant of one board has; shunt and P- may ramp.
struct World {
    double cell_V = 3.3;
    double cell_slope_V_s = 0.0;
    double shunt_V = 0.0;
    double shunt_slope_V_s = 0.0;
    double supply_V = 52.0;
    double p_minus_V = 0.0;
    double temp_degC = 25.0;
    Time_ns t0 = 0;  // of the slopes
    double pins[25];
    PlantView at(Time_ns t) {
        const double dt = base::to_s(t - t0);
        PlantView v;
        for (int k = 0; k < 25; ++k) pins[k] = (cell_V + cell_slope_V_s * dt) * (k > 16 ? 16 : k);
        v.pin_V = pins;
        v.shunt_V = shunt_V + shunt_slope_V_s * dt;
        v.top_V = pins[16];
        v.supply_V = supply_V;
        v.p_minus_V = p_minus_V;
        for (double& x : v.ntc_degC) x = temp_degC;
        v.fet_ntc_degC = v.board_ntc_degC = v.die_degC = temp_degC;
        return v;
    }
    void rebase(Time_ns t) {
        const double dt = base::to_s(t - t0);
        cell_V += cell_slope_V_s * dt;
        shunt_V += shunt_slope_V_s * dt;
        t0 = t;
    }
};

struct Edge {
    Time_ns t;
    std::size_t board;
    board::Drives drives;
};

class Loop {
public:
    std::vector<std::unique_ptr<Board>> boards;
    std::vector<World> worlds;
    std::vector<Edge> edges;  // whenever drives() differed
    Time_ns now = 0;
    Time_ns grid = base::k_s;  // longest plant step
    std::uint64_t instants = 0;
    base::Hasher hash;
    std::multimap<Time_ns, std::function<void(Loop&)>> events;

    std::size_t add(BoardConfig c, World w = {}) {
        boards.push_back(std::make_unique<Board>(std::move(c)));
        worlds.push_back(w);
        last_.emplace_back();
        return boards.size() - 1;
    }
    void start() {
        for (std::size_t k = 0; k < boards.size(); ++k) {
            boards[k]->start(worlds[k].at(0));
            note(0, k);
        }
    }
    void at(Time_ns t, std::function<void(Loop&)> f) { events.emplace(t, std::move(f)); }
    /// A jump of the plant at `now`.
    void changed(std::size_t k) { jumped_ |= 1U << k; }

    void run_until(Time_ns end) {
        while (now < end) {
            instant();
            Time_ns next = end;
            if (!events.empty() && events.begin()->first < next) next = events.begin()->first;
            const Time_ns g = base::next_multiple(now, grid);
            if (g < next) next = g;
            for (auto& b : boards) {
                const Time_ns t = b->next_due();
                if (t < next) next = t > now ? t : now + 1;
            }
            next = locate(next);
            for (std::size_t k = 0; k < boards.size(); ++k) step(k, next);
            for (const auto& [k, id] : hits_) boards[k]->crossed(id, next);
            hits_.clear();
            now = next;
        }
        instant();
    }

private:
    void instant() {
        bool any = false;
        while (!events.empty() && events.begin()->first <= now) {
            auto f = events.begin()->second;
            events.erase(events.begin());
            f(*this);
            any = true;
        }
        for (int round = 0; round < 16; ++round) {
            bool did = false;
            for (auto& b : boards) did = b->run_gate_edges(now) || did;
            for (std::size_t k = 0; k < boards.size(); ++k) {
                const bool drives = boards[k]->take_drives_changed();
                if (drives || ((jumped_ >> k) & 1U) != 0) boards[k]->jump(now, worlds[k].at(now));
                note(now, k);
                did = did || drives;
            }
            jumped_ = 0;
            for (std::size_t k = 0; k < boards.size(); ++k) did = boards[k]->run_afe(now, worlds[k].at(now)) || did;
            for (std::size_t k = 0; k < boards.size(); ++k) did = boards[k]->run_core(now, worlds[k].at(now)) || did;
            any = any || did;
            bool due = false;
            for (auto& b : boards) due = due || b->next_due() <= now;
            if (!due) break;
        }
        if (any) {
            ++instants;
            hash.i64(now);
            for (auto& b : boards) b->hash(hash, false);
        }
    }
    /// First crossing of a witness before `next`, rounded up to whole ns.
    Time_ns locate(Time_ns next) {
        Time_ns first = next;
        for (std::size_t k = 0; k < boards.size(); ++k) {
            const PlantView a = worlds[k].at(now);
            for (const board::Witness& w : boards[k]->witnesses()) {
                if (w.quantity != board::Witness::Quantity::shunt_V || worlds[k].shunt_slope_V_s == 0.0) continue;
                const double dt = (w.level - a.shunt_V) / worlds[k].shunt_slope_V_s;
                const bool toward = w.direction > 0 ? worlds[k].shunt_slope_V_s > 0 : worlds[k].shunt_slope_V_s < 0;
                if (!toward || dt < 0) continue;
                const Time_ns t = now + base::floor_i64(dt * 1e9) + 1;
                if (t < first) {
                    first = t;
                    hits_.clear();
                }
                if (t == first && t <= next) hits_.push_back({k, w.id});
            }
        }
        return first;
    }
    void step(std::size_t k, Time_ns t1) {
        double pins0[25];
        PlantView a = worlds[k].at(now);
        std::memcpy(pins0, a.pin_V, sizeof pins0);
        a.pin_V = pins0;
        const PlantView b = worlds[k].at(t1);
        boards[k]->advance(now, t1, a, b);
    }
    void note(Time_ns t, std::size_t k) {
        if (boards[k]->drives() == last_[k]) return;
        last_[k] = boards[k]->drives();
        edges.push_back({t, k, last_[k]});
    }
    std::vector<board::Drives> last_;
    struct Hit {
        std::size_t board;
        std::uint32_t id;
    };
    std::vector<Hit> hits_;
    std::uint32_t jumped_ = 0;
};

/// Element `number` (from 1) of a signal of the core.
inline double sig(const Board& b, const char* name, std::uint32_t number = 1) {
    for (const board::BoardChannel& c : b.bms_channels())
        if (c.name == name) return b.bms_value(c.getter, number - 1);
    return -1e9;
}
inline double hw(const Board& b, const char* name, std::uint32_t index = 0) {
    for (const board::BoardChannel& c : b.hw_channels())
        if (c.name == name) return b.hw_value(c.getter, index);
    return -1e9;
}

}  // namespace rig
