// SPDX-License-Identifier: Apache-2.0
// The elimination program against Eigen's dense solve on random positive networks, and lane equality to the bit.
#include <doctest/doctest.h>

#include <Eigen/Dense>

#include "base/rng.hpp"
#include "net/solver.hpp"

using namespace twin;

namespace {

struct RandomNetwork {
    std::int32_t n = 24;
    std::vector<net::Edge> edges;
    std::vector<std::int32_t> trailing{3, 9, 17, 22};
};

double u01(std::uint64_t i) { return base::uniform({11, 5}, base::Stream::profile, i); }

RandomNetwork make_network() {
    RandomNetwork r;
    for (std::int32_t k = 0; k < r.n; ++k) {
        r.edges.push_back({k, k == 0 ? net::k_ground : k - 1});
        const auto other = static_cast<std::int32_t>(u01(static_cast<std::uint64_t>(k)) * r.n);
        if (other != k) r.edges.push_back({k, other});
    }
    r.edges.push_back({5, net::k_ground});
    return r;
}

template <class T>
void solve(const net::Program& p, net::Workspace<T>& w, const std::vector<T>& g, const std::vector<T>& s,
           std::int32_t first = 0) {
    for (auto& v : w.values) v = T(0.0);
    for (auto& v : w.rhs) v = T(0.0);
    for (std::size_t e = 0; e < g.size(); ++e) {
        net::add_conductance(w.values, p.stamp[e], g[e]);
        net::add_source(w.rhs, p.stamp[e], s[e]);
    }
    net::factor_leading(p, w);
    net::forward_leading(p, w, first);
    net::load_trailing(p, w);
    CHECK(base::all(net::factor_trailing(p, w)));
    for (std::size_t k = 0; k < w.dense_b.size(); ++k) w.dense_b[k] = w.rhs[static_cast<std::size_t>(p.n_lead) + k];
    net::solve_trailing(p, w);
    net::backward_leading(p, w);
}

}  // namespace

TEST_CASE("nodal solve equals a dense solve") {
    RandomNetwork r = make_network();
    SUBCASE("four nodes kept") {}
    SUBCASE("six nodes kept: their block is unrolled") { r.trailing = {3, 9, 11, 17, 20, 22}; }
    const net::Program p = net::build_program(r.n, r.edges, r.trailing);
    net::Workspace<double> w;
    w.resize(p);
    std::vector<double> g;
    std::vector<double> s;
    Eigen::MatrixXd a = Eigen::MatrixXd::Zero(r.n, r.n);
    Eigen::VectorXd b = Eigen::VectorXd::Zero(r.n);
    for (std::size_t e = 0; e < r.edges.size(); ++e) {
        g.push_back(0.01 + 100.0 * u01(1000 + e));
        s.push_back(u01(2000 + e) - 0.5);
        const net::Edge& ed = r.edges[e];
        if (ed.a >= 0) a(ed.a, ed.a) += g[e];
        if (ed.b >= 0) a(ed.b, ed.b) += g[e];
        if (ed.a >= 0 && ed.b >= 0) {
            a(ed.a, ed.b) -= g[e];
            a(ed.b, ed.a) -= g[e];
        }
        if (ed.a >= 0) b(ed.a) -= s[e];
        if (ed.b >= 0) b(ed.b) += s[e];
    }
    solve(p, w, g, s);
    const Eigen::VectorXd x = a.ldlt().solve(b);
    for (std::int32_t k = 0; k < r.n; ++k) {
        CHECK(w.x[static_cast<std::size_t>(p.pos[static_cast<std::size_t>(k)])] ==
              doctest::Approx(x(k)).epsilon(1e-10));
    }
}

TEST_CASE("a lane of a pack equals its solo run to the bit") {
    const RandomNetwork r = make_network();
    const net::Program p = net::build_program(r.n, r.edges, r.trailing);
    net::Workspace<base::Pack8> wp;
    wp.resize(p);
    std::vector<base::Pack8> g(r.edges.size());
    std::vector<base::Pack8> s(r.edges.size());
    for (std::size_t e = 0; e < r.edges.size(); ++e) {
        for (std::size_t k = 0; k < 8; ++k) {
            g[e][k] = 0.01 + 100.0 * u01(1000 + e + 977 * k);
            s[e][k] = u01(5000 + e + 977 * k) - 0.5;
        }
    }
    solve(p, wp, g, s);
    for (std::size_t k = 0; k < 8; ++k) {
        net::Workspace<double> w;
        w.resize(p);
        std::vector<double> gk;
        std::vector<double> sk;
        for (std::size_t e = 0; e < r.edges.size(); ++e) {
            gk.push_back(g[e][k]);
            sk.push_back(s[e][k]);
        }
        solve(p, w, gk, sk);
        for (std::size_t i = 0; i < w.x.size(); ++i) CHECK(w.x[i] == wp.x[i][k]);
    }
}

TEST_CASE("elimination may start at the first node that a source feeds") {
    const RandomNetwork r = make_network();
    const net::Program p = net::build_program(r.n, r.edges, r.trailing);
    std::vector<double> g, s(r.edges.size(), 0.0);
    for (std::size_t e = 0; e < r.edges.size(); ++e) g.push_back(0.01 + 100.0 * u01(1000 + e));
    for (std::int32_t first = 0; first < p.n_lead; ++first) {  // starts within runs of columns and between them
        for (std::size_t e = 0; e < r.edges.size(); ++e) {
            const auto before = [&](std::int32_t node) {
                return node >= 0 && p.pos[static_cast<std::size_t>(node)] < first;
            };
            const bool fed = !before(r.edges[e].a) && !before(r.edges[e].b);
            s[e] = fed ? u01(2000 + e) - 0.5 : 0.0;
        }
        net::Workspace<double> all, some;
        all.resize(p);
        some.resize(p);
        solve(p, all, g, s);
        solve(p, some, g, s, first);
        CHECK(all.x == some.x);
    }
}

TEST_CASE("a node out of range is refused") {
    CHECK_THROWS_AS(net::build_program(2, {{0, 2}}, {}), std::invalid_argument);
    CHECK_THROWS_AS(net::build_program(2, {{0, 1}}, {5}), std::invalid_argument);
}
