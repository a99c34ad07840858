"""The processing of one frame: conversion, tracking and motion."""
