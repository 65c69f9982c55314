// SPDX-License-Identifier: Apache-2.0
// Writes a flattened device tree (Devicetree Specification 0.4, chapter 5) from front to back, by libfdt.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "firmware/input_file.h"

namespace kelvin::firmware {

/// Nodes are opened by node() and closed when the returned Node goes; a node's properties come before its children.
/// The first failure is kept and reported by finish().
class DeviceTree {
  public:
    class Node {
      public:
        explicit Node(DeviceTree& tree) : tree_(tree) {}
        Node(const Node&) = delete;
        Node& operator=(const Node&) = delete;
        ~Node() { tree_.end_node(); }

      private:
        DeviceTree& tree_;
    };

    /// Begins with the root node open.
    DeviceTree();

    /// The next node inside the open one.
    [[nodiscard]] Node node(std::string_view name);

    void empty(std::string_view name) { bytes(name, {}); }
    void bytes(std::string_view name, std::span<const u8> value);
    void string(std::string_view name, std::string_view value);
    void strings(std::string_view name, std::initializer_list<std::string_view> values);
    /// 32-bit cells; a 64-bit number is two of them, high half first: see hi() and lo().
    void cells(std::string_view name, std::span<const u32> values);
    void cells(std::string_view name, std::initializer_list<u32> values);
    void u64s(std::string_view name, std::initializer_list<u64> values);

    /// Closes the root node and returns the blob. The tree is used up.
    Result<std::vector<u8>> finish();

  private:
    template <class Step>
    void write(Step step);
    void end_node();

    std::vector<u8> blob_;
    int failure_ = 0;
};

constexpr u32 hi(u64 value) {
    return static_cast<u32>(value >> 32);
}
constexpr u32 lo(u64 value) {
    return static_cast<u32>(value);
}

/// What the boot protocol adds to a device tree that the user brought (-dtb).
struct ChosenProperties {
    std::optional<std::string> bootargs;  ///< kept as they are in the blob if not given
    u64 initrd_start = 0;
    u64 initrd_end = 0;  ///< 0: no initrd
    u64 memory_base = 0;
    u64 memory_size = 0;
};

/// Reads and checks a device tree file and fills in /chosen and /memory.
Result<std::vector<u8>> load_device_tree(const std::string& path, const ChosenProperties& chosen);

}  // namespace kelvin::firmware
