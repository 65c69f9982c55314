// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/optimizations.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kelvin::translator {
namespace {

Result<Optimizations> without(const std::vector<std::string>& names) {
    return Optimizations::without(names);
}

TEST(Optimizations, EachCanBeSwitchedOffByName) {
    const std::vector<std::string> names = Optimizations::names();
    EXPECT_NE(std::ranges::find(names, "dead_code"), names.end());
    EXPECT_NE(std::ranges::find(names, "fold_constants"), names.end());
    for (const std::string& name : names) {
        EXPECT_TRUE(without({name})) << name;
    }
    const Optimizations some = without({"dead_code", "simplify"}).value();
    EXPECT_EQ(some.passes, pass::PassSet::all().without(pass::PassSet::parse("dead_code").value()));
    EXPECT_FALSE(some.builder.simplify);
    EXPECT_TRUE(some.builder.fold_constants);
    EXPECT_TRUE(some.address_groups);
    EXPECT_FALSE(without({"address_groups"}).value().address_groups);
}

TEST(Optimizations, AllTogetherAreTheSameAsAll) {
    const Optimizations each = without(Optimizations::names()).value();
    for (const Optimizations& none : {without({"all"}).value(), Optimizations::none()}) {
        EXPECT_EQ(each.passes, none.passes);
        EXPECT_EQ(each.passes, pass::PassSet::none());
        EXPECT_FALSE(each.address_groups || none.address_groups);
        EXPECT_FALSE(none.builder.fold_constants || none.builder.simplify || none.builder.forward_registers ||
                     none.builder.reuse_sums);
    }
}

TEST(Optimizations, UnknownNamesGetTheNearestAndTheList) {
    const auto result = without({"dead_cod"});
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message().find("did you mean 'dead_code'?"), std::string::npos);
    EXPECT_NE(result.error().message().find("fold_constants"), std::string::npos);
    EXPECT_FALSE(without({"none"}));
    EXPECT_FALSE(without({""}));
}

}  // namespace
}  // namespace kelvin::translator
