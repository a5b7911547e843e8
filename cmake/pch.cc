// pch.cc: carries the precompiled header (pch.h).
