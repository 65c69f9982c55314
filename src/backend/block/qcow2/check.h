// SPDX-License-Identifier: Apache-2.0
// Looks whether an image's counts agree with what refers to its clusters, and makes them agree.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/block/qcow2/image.h"

namespace kelvin::block::qcow2 {

struct CheckReport {
    std::vector<std::string> findings;  ///< in words; the first kMaxFindings
    u64 corruptions = 0;
    u64 leaks = 0;  ///< clusters counted more often than they are referred to
    u64 repaired = 0;
};

enum class Repair : u8 { nothing, leaks, all };

class Checker {
  public:
    static constexpr std::size_t kMaxFindings = 1000;

    explicit Checker(Image& image) : image_(image) {}
    /// Repairs counts and flags only: what an entry refers to is never taken away. Nobody may use the image meanwhile.
    Task<int> run(Repair repair, CheckReport& report);

  private:
    void corrupt(const std::string& what);
    /// One more reference to each cluster of the range.
    void refer(u64 offset, u64 bytes, const std::string& who);
    Task<int> walk(std::span<const u64> l1, const std::string& who);
    void walk_entry(u64 entry, u64 bitmap, const std::string& who);
    Task<int> refer_to_all();
    void check_copied(u64 entry, Repair repair, const std::string& who);
    Task<int> check_all_copied(Repair repair);
    Task<int> compare(Repair repair);

    Image& image_;
    CheckReport* report_ = nullptr;
    std::map<u64, u64> references_;  // by cluster
};

}  // namespace kelvin::block::qcow2
