"""Many steps made one: a teacher by flow matching, and a student taught by a discriminator."""

from .flow import FlowMatching, gaussian_denoiser
from .recipes import flow_recipe, student_recipe
from .student import OneStep

__all__ = ["FlowMatching", "OneStep", "flow_recipe", "gaussian_denoiser", "student_recipe"]
