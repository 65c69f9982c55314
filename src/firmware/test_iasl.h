// SPDX-License-Identifier: Apache-2.0
// ACPI's reference compiler (Debian's acpica-tools) as a second opinion on tables and on the language in them. For
// tests.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "base/types.h"

namespace kelvin::firmware {

class Iasl {
  public:
    Iasl() {
        char name[] = "/tmp/kelvin-iasl-XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~Iasl() { std::filesystem::remove_all(folder_); }
    Iasl(const Iasl&) = delete;
    Iasl& operator=(const Iasl&) = delete;

    static bool is_there() { return std::system("iasl -v > /dev/null 2>&1") == 0; }

    /// The table that `source` stands for, every name and number as it is written; empty if it is refused. What iasl
    /// says is appended to `remarks`.
    std::vector<u8> compile(const std::string& source, std::string& remarks) {
        write("table.asl", {source.begin(), source.end()});
        run("iasl -on -p table table.asl", remarks);
        const std::string bytes = read("table.aml");
        return {bytes.begin(), bytes.end()};
    }
    /// As text, in which iasl notes what it finds wrong.
    std::string disassemble(std::span<const u8> table, std::string& remarks) {
        write("table.aml", {table.begin(), table.end()});
        run("iasl -d table.aml", remarks);
        return read("table.dsl");
    }

  private:
    void write(const char* name, const std::string& content) {
        std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
    }
    std::string read(const char* name) {
        std::ifstream file(folder_ + "/" + name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void run(const std::string& command, std::string& remarks) {
        const std::string line = "cd " + folder_ + " && " + command + " > log 2>&1";
        if (std::system(line.c_str()) != 0) {
            remarks += command + " failed\n";
        }
        remarks += read("log");
    }

    std::string folder_;
};

}  // namespace kelvin::firmware
